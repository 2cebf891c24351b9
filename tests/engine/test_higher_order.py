"""Derivatives of derivatives."""

import numpy as np
import pytest

import gpugrad as gg

# A function, its domain, and its third derivative in closed form.
THIRD = {
    "sin": (gg.sin, 0.7, lambda x: -np.cos(x)),
    "exp": (gg.exp, 0.7, np.exp),
    "log": (gg.log, 0.7, lambda x: 2 / x**3),
    "sqrt": (gg.sqrt, 0.7, lambda x: 3 / 8 * x**-2.5),
    "tanh": (gg.tanh, 0.3, lambda x: (6 * np.tanh(x) ** 2 - 2) * (1 - np.tanh(x) ** 2)),
    "square": (lambda x: gg.square(gg.square(x)), 0.7, lambda x: 24 * x),
    "reciprocal": (lambda x: 1 / x, 0.7, lambda x: -6 / x**4),
    "power": (lambda x: x**5, 0.7, lambda x: 60 * x**2),
    "product": (lambda x: x * gg.sin(x), 0.7, lambda x: -3 * np.sin(x) - x * np.cos(x)),
    "sigmoid": (
        gg.sigmoid,
        0.4,
        lambda x: (lambda s: s * (1 - s) * (1 - 6 * s + 6 * s * s))(1 / (1 + np.exp(-x))),
    ),
}


@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_by_backward(device, name):
    f, point, expected = THIRD[name]
    x = gg.tensor(point, device=device, requires_grad=True)
    y = f(x)
    for _ in range(2):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
    x.grad = None
    y.backward()
    np.testing.assert_allclose(x.grad.item(), expected(point), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_by_nested_transforms(name):
    f, point, expected = THIRD[name]
    third = gg.grad(gg.grad(gg.grad(f)))(point)
    np.testing.assert_allclose(third, expected(point), rtol=1e-10, atol=1e-10)


def test_create_graph_keeps_the_graph():
    x = gg.tensor(2.0, requires_grad=True)
    y = x**3
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    y.backward()
    assert x.grad.item() == 24


def test_without_create_graph_a_gradient_is_a_constant():
    x = gg.tensor(2.0, requires_grad=True)
    (x**3).backward()
    assert not x.grad.requires_grad


def test_create_graph_records_even_where_nothing_else_is_recorded():
    x = gg.tensor(2.0, requires_grad=True)
    y = x**3
    with gg.no_grad():
        y.backward(create_graph=True)
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad.item() == 12


def test_a_gradient_penalty():
    """d/dw of (d/dx (w x^2))^2 = (2 w x)^2 is 8 w x^2; through a gradient with respect to plain data."""
    w = gg.tensor(3.0, requires_grad=True)
    slope = gg.grad(lambda x: w * x * x)(2.0)
    (slope * slope).backward()
    assert w.grad.item() == 8 * 3 * 4


def test_the_cotangent_is_differentiated_too():
    v = gg.tensor([1.0, 2.0], requires_grad=True)
    x = gg.tensor([3.0, 4.0], requires_grad=True)
    (x * x).backward(v, create_graph=True)
    x.grad.sum().backward()
    np.testing.assert_array_equal(v.grad.numpy(), [6, 8])


def test_mixed_second_derivatives_commute():
    def f(x, y):
        return gg.sin(x * y) + x**2 * y

    xy = gg.grad(gg.grad(f, 0), 1)(0.3, 0.5)
    yx = gg.grad(gg.grad(f, 1), 0)(0.3, 0.5)
    np.testing.assert_allclose(xy, np.cos(0.15) - 0.15 * np.sin(0.15) + 0.6, rtol=1e-13)
    np.testing.assert_allclose(xy, yx, rtol=1e-13)


def test_broadcasting_is_undone_in_second_derivatives():
    """sum((a + b)^3) over a (2, 3) grid: the Hessian's diagonal in b is 6 * sum over the rows of (a + b)."""
    a = np.arange(6.0).reshape(2, 3)
    b = gg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    ((a + b) ** 3).sum().backward(create_graph=True)
    g, b.grad = b.grad, None
    g.sum().backward()
    np.testing.assert_allclose(b.grad.numpy(), 6 * np.add(a, [1.0, 2, 3]).sum(0))
