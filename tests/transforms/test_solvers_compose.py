"""Roots, fixed points and trajectories inside of every other transform, and around them."""

import numpy as np
import pytest

import gpugrad as gg


def root(a):
    def newton(g, x):
        for _ in range(20):
            x = x - g(x) / (2 * x)
        return x

    return gg.custom_root(lambda x, a: x * x - a, newton, 1.0, a)


def fixed(a):
    return gg.fixed_point(lambda x, a: gg.cos(a * x), 1.0, a)


def trajectory(k):
    return gg.odeint(lambda y, t, k: -k * y, 1.0, [0.0, 1.0], k, rtol=1e-9, atol=1e-9)[-1]


def tangent_of(f):
    return lambda x: gg.jvp(f, (x,), (1.0,))[1]


SOLVERS = pytest.mark.parametrize("f", [root, fixed, trajectory])
DERIVATIVES = {
    "grad": gg.grad,
    "jvp": tangent_of,
    "linearize": lambda f: lambda x: gg.linearize(f, x)[1](1.0),
    "jacrev": gg.jacrev,
    "jacfwd": gg.jacfwd,
    "hessian": gg.hessian,
    "hvp": lambda f: lambda x: gg.hvp(f, x, 1.0),
    "grad of jvp": lambda f: gg.grad(tangent_of(f)),
    "jvp of grad": lambda f: tangent_of(gg.grad(f)),
    "grad of checkpoint": lambda f: gg.grad(gg.checkpoint(f)),
    "grad of grad of checkpoint": lambda f: gg.grad(gg.grad(gg.checkpoint(f))),
}
POINTS = np.array([0.5, 1.2])


def looped(f, xs=POINTS):
    return np.array([float(f(x)) for x in xs])


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


def central(f):
    """By differences."""
    return lambda x: (f(x + 1e-4) - f(x - 1e-4)) / 2e-4


@SOLVERS
@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivative_and_vmap_of_it(f, name):
    derivative = DERIVATIVES[name](f)
    second = name in ("hessian", "hvp", "grad of jvp", "jvp of grad", "grad of grad of checkpoint")
    expected = looped(central(gg.grad(f) if second else f))
    np.testing.assert_allclose(looped(derivative), expected, rtol=1e-4)
    close(gg.vmap(derivative)(POINTS), looped(derivative))


@SOLVERS
def test_around_vmap(f):
    first, second = looped(gg.grad(f)), looped(gg.grad(gg.grad(f)))

    def total(x):
        return gg.vmap(f)(x).sum()

    close(gg.vmap(f)(POINTS), looped(f))
    close(gg.grad(total)(POINTS), first)
    close(gg.grad(lambda x: gg.grad(total)(x).sum())(POINTS), second)
    close(gg.grad(lambda x: gg.vmap(gg.grad(f))(x).sum())(POINTS), second)
    close(gg.jvp(gg.vmap(f), (POINTS,), (np.ones(2),))[1], first)
    close(gg.jacrev(gg.vmap(f))(POINTS), np.diag(first))
    close(gg.jacfwd(gg.vmap(f))(POINTS), np.diag(first))
    close(gg.hessian(total)(POINTS), np.diag(second))
    nested = np.array([[0.5, 0.6], [0.7, 1.2]])
    close(gg.vmap(gg.vmap(gg.grad(f)))(nested).ravel(), looped(gg.grad(f), nested.ravel()))


@SOLVERS
def test_jacobians_with_several_rows_and_columns(f):
    def mixed(x):
        return gg.stack([f(x[0]) * x[1], f(x[1]), x[0]])

    a, b = POINTS
    slope = gg.grad(f)
    expected = [[slope(a) * b, f(a)], [0, slope(b)], [1, 0]]
    for jacobian in (gg.jacrev, gg.jacfwd, gg.jacobian):
        close(jacobian(mixed)(POINTS), expected)


def test_closed_over_weights_under_vmap():
    """The gradient of what all examples share passes out of the batch."""
    w = gg.tensor(0.7, requires_grad=True)

    def f(k):
        return gg.odeint(lambda y, t, k: -k * w * y, 1.0, [0.0, 1.0], k, rtol=1e-9, atol=1e-9)[-1]

    gg.vmap(f)(POINTS).sum().backward()
    close(w.grad.item(), -(POINTS * np.exp(-POINTS * 0.7)).sum())
    w.grad = None
    gg.vmap(gg.grad(f))(POINTS).sum().backward()
    close(w.grad.item(), ((-1 + 0.7 * POINTS) * np.exp(-POINTS * 0.7)).sum())


def test_closed_over_batch():
    with pytest.raises(
        TypeError, match="depends on a Tensor that vmap maps over and that it closes over; pass it"
    ):
        gg.vmap(lambda k: gg.odeint(lambda y, t: -k * y, 1.0, [0.0, 1.0]))(POINTS)
    with pytest.raises(
        TypeError, match="residual of fixed_point of <lambda> depends on a Tensor that vmap maps"
    ):
        gg.vmap(lambda k: gg.fixed_point(lambda x: gg.cos(k * x), 1.0))(POINTS)


def test_no_examples():
    with pytest.raises(ValueError, match="vmap over no examples"):
        gg.vmap(root)(np.zeros(0))


@SOLVERS
def test_make_graph_shows_it(f):
    assert str(gg.make_graph(f)(0.5))
