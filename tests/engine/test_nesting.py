"""Transforms inside transforms: derivatives never meet the wrong variable, and none is lost."""

import numpy as np
import pytest

import gpugrad as gg


def forward(f):
    """The derivative of a function of one number, by forward mode."""
    return lambda x: gg.jvp(f, (x,), (1.0,))[1]


MODES = {"reverse": gg.grad, "forward": forward}


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
class TestPerturbations:
    def test_a_constant_of_the_inner_function(self, outer, inner):
        """d/dx [x * d/dy (x + y)] is 1, not 2: the inner derivative does not see x."""
        f = MODES[outer](lambda x: x * MODES[inner](lambda y: x + y)(1.0))
        assert f(1.0) == 1

    def test_a_factor_of_the_inner_function(self, outer, inner):
        """d/dx [x * d/dy (x * y)] = d/dx x^2, also where y is a plain number."""
        f = MODES[outer](lambda x: x * MODES[inner](lambda y: x * y)(1.0))
        assert f(3.0) == 6

    def test_the_same_variable(self, outer, inner):
        assert MODES[outer](MODES[inner](lambda x: x**4))(2.0) == 48

    def test_the_variable_shadowed(self, outer, inner):
        f = MODES[outer](lambda x: MODES[inner](lambda x: x * x)(x) * x)
        assert f(3.0) == 12

    def test_the_inner_point_depends_on_the_outer_variable(self, outer, inner):
        """d/dx [d/dy (x y^2) at y = x^2] = d/dx 2 x^3."""
        f = MODES[outer](lambda x: MODES[inner](lambda y: x * y * y)(x * x))
        assert f(2.0) == 24

    def test_an_inner_derivative_that_is_a_constant_of_the_outer(self, outer, inner):
        f = MODES[outer](lambda x: x * MODES[inner](lambda y: y * y)(5.0))
        assert f(3.0) == 10

    def test_three_deep(self, outer, inner):
        d, e = MODES[outer], MODES[inner]
        f = d(lambda x: x * e(lambda y: y * d(lambda z: x * y * z)(2.0))(x))
        np.testing.assert_allclose(f(3.0), 6 * 3.0**2)  # x * d/dy (x y^2) at y = x is 2 x^3

    def test_arrays(self, outer, inner):
        v = np.array([1.0, 2.0])
        f = MODES[outer](lambda x: (x * MODES[inner](lambda y: (x * v * y * y).sum())(1.0)).sum())
        assert f(2.0) == 24


def test_hessian_vector_products_in_four_ways():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 3))
    x, v = rng.normal(size=(2, 3))

    def f(x):
        return gg.exp(gg.sin(x) @ (a @ x))

    def forward_over_reverse(x):
        return gg.jvp(gg.grad(f), (x,), (v,))[1]

    def reverse_over_forward(x):
        return gg.grad(lambda u: gg.jvp(f, (u,), (v,))[1])(x)

    def reverse_over_reverse(x):
        return gg.grad(lambda u: (gg.grad(f)(u) * v).sum())(x)

    def by_vjp(x):
        return gg.vjp(gg.grad(f), x)[1](v)[0]

    h = 1e-6
    expected = (gg.grad(f)(x + h * v) - gg.grad(f)(x - h * v)) / (2 * h)
    for product in (forward_over_reverse, reverse_over_forward, reverse_over_reverse, by_vjp):
        got = product(x)
        assert type(got) is np.ndarray
        np.testing.assert_allclose(got, expected, rtol=1e-5)
        np.testing.assert_allclose(got, forward_over_reverse(x), rtol=1e-10)


def test_forward_over_forward():
    x, u, v = np.array([0.3, 0.5]), np.array([1.0, 2.0]), np.array([-1.0, 1.0])
    second = gg.jvp(lambda x: gg.jvp(gg.sin, (x,), (u,))[1], (x,), (v,))[1]
    np.testing.assert_allclose(second, -np.sin(x) * u * v)


def test_a_closed_over_tensor_that_requires_grad():
    """Plain data in, yet the result is a Tensor: what it was computed with can be asked for its gradient."""
    w = gg.tensor(3.0, requires_grad=True)
    for derivative, at_two in ((gg.grad(lambda x: w * x**2), 12), (forward(lambda x: w * x**2), 12)):
        g = derivative(2.0)
        assert type(g) is gg.Tensor
        assert g.item() == at_two
        w.grad = None
        g.backward()
        assert w.grad.item() == 4
    with gg.no_grad():
        assert type(gg.grad(lambda x: w * x**2)(2.0)) is np.ndarray


def test_a_closed_over_graph_survives():
    w = gg.tensor(3.0, requires_grad=True)
    h = gg.exp(w)
    assert gg.grad(lambda x: x * 2)(1.0) == 2
    with gg.no_grad():
        assert gg.grad(lambda x: h * x)(2.0) == h.item()
        assert gg.grad(lambda x: h)(2.0) == 0
    gg.grad(lambda x: h * x)(2.0).backward()
    np.testing.assert_allclose(w.grad.item(), np.exp(3.0))


def test_a_closed_over_constant_costs_nothing():
    w = gg.tensor(3.0)
    assert type(gg.grad(lambda x: w * x)(2.0)) is np.ndarray


def test_backward_inside_a_transform():
    def f(x):
        w = gg.tensor(2.0, requires_grad=True)
        (w * w).backward()
        return x * w.grad

    assert gg.grad(f)(1.0) == 4


@pytest.mark.parametrize("f", [lambda x, w: x * w, lambda x, w: gg.tanh(w) * x, lambda x, w: w])
def test_a_leaf_made_inside_a_transform(f):
    def made(x):
        return f(x, gg.tensor(2.0, requires_grad=True))

    expected = gg.grad(lambda x: f(x, 2.0))(3.0)
    assert gg.grad(made)(3.0) == expected
    assert gg.vjp(made, 3.0)[1](1.0) == (expected,)
    assert gg.jvp(made, (3.0,), (1.0,))[1] == expected
    assert gg.grad(lambda x: gg.grad(made)(x) * x)(3.0) == expected


def test_backward_through_the_argument_of_a_transform():
    w = gg.tensor(3.0, requires_grad=True)

    def f(x):
        (x * w).backward()
        return x * w.grad

    with gg.no_grad():
        assert gg.grad(f)(2.0) == 2  # w.grad is a constant
    assert w.grad.item() == 2


def test_gradient_descent_is_differentiated():
    """Three steps on (w - x)^2 with rate 1/4 leave w = x (1 - 2^-3)."""

    def trained(x):
        w = 0.0
        for _ in range(3):
            w = w - 0.25 * gg.grad(lambda w: (w - x) ** 2)(w)
        return w

    assert gg.grad(trained)(5.0) == 1 - 1 / 8
