"""hvp, linearize and elementwise_grad."""

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3))
X, V = RNG.normal(size=(2, 3))


def f(x):
    return gg.exp(gg.sin(x) @ (A @ x))


# ---- hvp ----


def test_hvp_is_hessian_times_vector(xp):
    a = xp.asarray(A)
    product = gg.hvp(lambda x: gg.exp(gg.sin(x) @ (a @ x)), xp.asarray(X), xp.asarray(V))
    assert type(product) is xp.ndarray
    h = 1e-6
    expected = (gg.grad(f)(X + h * V) - gg.grad(f)(X - h * V)) / (2 * h)
    np.testing.assert_allclose(gg.tensor(product).numpy(), expected, rtol=1e-6)


def test_hvp_of_several_arguments():
    def g(p, s):
        return (p["a"] * p["b"]).sum() * s

    p = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    t = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    products = gg.hvp(g, (p, 2.0), (t, 1.0))
    assert len(products) == 2
    assert products[0]["a"].tolist() == [3, 6]  # b * 1 + 2 * (0, 1)
    assert products[0]["b"].tolist() == [3, 2]
    assert products[1] == 3 + 2


def test_hvp_of_many_dimensions():
    n = 1000
    x, v = RNG.normal(size=(2, n))

    def rosenbrock(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    diagonal = np.zeros(n)
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    expected = diagonal * v
    expected[:-1] += -400 * x[:-1] * v[1:]
    expected[1:] += -400 * x[:-1] * v[:-1]
    np.testing.assert_allclose(gg.hvp(rosenbrock, x, v), expected, rtol=1e-10, atol=1e-9)


def test_hvp_errors():
    with pytest.raises(ValueError, match=r"got shape \(3,\).*gpugrad\.jacobian"):
        gg.hvp(gg.sin, X, V)
    with pytest.raises(ValueError, match="tangent of jvp of f has to have shape"):
        gg.hvp(f, X, V[:2])
    with pytest.raises(ValueError, match="the tangents have structure"):
        gg.hvp(f, (X,), (V, V))
    with pytest.raises(TypeError, match="got dtype int64"):
        gg.hvp(f, np.arange(3), np.arange(3))


# ---- linearize ----


def test_linearize(xp):
    calls = []

    def g(x, s):
        calls.append(1)
        return {"y": gg.sin(x) * s}

    value, linear = gg.linearize(g, xp.asarray(X), xp.asarray(2.0))
    np.testing.assert_allclose(gg.tensor(value["y"]).numpy(), 2 * np.sin(X))
    for v, t in ((V, 1.0), (X, 0.0)):
        tangent = linear(xp.asarray(v), xp.asarray(t))["y"]
        assert type(tangent) is xp.ndarray
        np.testing.assert_allclose(gg.tensor(tangent).numpy(), 2 * np.cos(X) * v + np.sin(X) * t)
    assert calls == [1]


def test_the_linear_function_is_transposed():
    _, linear = gg.linearize(lambda x: gg.tanh(A @ x), X)
    result, pull = gg.vjp(linear, V)
    (g,) = pull(X)
    assert type(result) is type(g) is np.ndarray
    np.testing.assert_allclose(g, gg.vjp(lambda x: gg.tanh(A @ x), X)[1](X)[0])
    np.testing.assert_allclose(gg.jacrev(linear)(V), gg.jacfwd(lambda x: gg.tanh(A @ x))(X))
    assert not gg.hessian(lambda v: linear(v).sum())(V).any()


def test_linearize_is_differentiated_in_its_point():
    x = gg.tensor(X, requires_grad=True)
    _, linear = gg.linearize(gg.sin, x)
    linear(V).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.sin(X) * V)
    np.testing.assert_allclose(gg.grad(lambda x: gg.linearize(gg.sin, x)[1](V).sum())(X), -np.sin(X) * V)


def test_linearize_of_rules_of_ones_own():
    for own in (gg.checkpoint(gg.sin), _own_sine()):
        _, linear = gg.linearize(lambda x: own(x) * x, X)  # noqa: B023
        slope = np.cos(X) * X + np.sin(X)
        np.testing.assert_allclose(linear(V), slope * V)
        g = gg.vjp(linear, V)[1](X)[0]
        assert type(g) is np.ndarray
        np.testing.assert_allclose(g, slope * X)


def _own_sine():
    sine = gg.custom_vjp(gg.sin)
    sine.defvjp(lambda x: (gg.sin(x), x), lambda x, g: (g * gg.cos(x),))
    return sine


def test_has_aux():
    def f(x):
        return gg.sin(x), {"twice": 2 * x}

    for value, derivative, aux in (
        gg.linearize(f, X, has_aux=True),
        gg.vjp(f, X, has_aux=True),
        gg.jvp(f, (X,), (V,), has_aux=True),
    ):
        np.testing.assert_allclose(value, np.sin(X))
        assert type(aux["twice"]) is np.ndarray
        np.testing.assert_allclose(aux["twice"], 2 * X)
        got = derivative if type(derivative) is np.ndarray else derivative(V)
        np.testing.assert_allclose(got[0] if type(got) is tuple else got, np.cos(X) * V)


def test_linearize_errors():
    _, linear = gg.linearize(gg.sin, X)
    with pytest.raises(ValueError, match="linearize of sin: the tangents have structure"):
        linear(V, V)
    with pytest.raises(ValueError, match=r"tangent of linearize of sin has to have shape \(3,\), got \(2,\)"):
        linear(V[:2])
    with pytest.raises(TypeError, match="dtype float64, got float32"):
        linear(V.astype("float32"))
    with pytest.raises(TypeError, match=r"linearize of sin differentiates.*dtype int64"):
        gg.linearize(gg.sin, 1)


# ---- elementwise_grad ----


def test_elementwise_grad(xp):
    x = xp.asarray(X)
    first = gg.elementwise_grad(gg.tanh)
    np.testing.assert_allclose(gg.tensor(first(x)).numpy(), 1 - np.tanh(X) ** 2)
    third = gg.elementwise_grad(gg.elementwise_grad(first))(x)
    y = np.tanh(X)
    np.testing.assert_allclose(gg.tensor(third).numpy(), (1 - y**2) * (6 * y**2 - 2), rtol=1e-10)


def test_elementwise_grad_of_several_arguments():
    ga, gb = gg.elementwise_grad(lambda a, b: a * b * b, (0, 1))(X, 2.0)
    assert ga.tolist() == [4, 4, 4]
    np.testing.assert_allclose(gb, 4 * X.sum())
    g, aux = gg.elementwise_grad(lambda x: (x * x, x + 1), has_aux=True)(X)
    np.testing.assert_allclose(g, 2 * X)
    np.testing.assert_allclose(aux, X + 1)


def test_elementwise_grad_errors():
    with pytest.raises(TypeError, match=r"got 2 arrays from <lambda>; use gpugrad\.jacobian"):
        gg.elementwise_grad(lambda x: (x, x))(X)
    with pytest.raises(TypeError, match=r"got shape .* and dtype complex128"):
        gg.elementwise_grad(lambda x: x * 1j)(X)
    with pytest.raises(ValueError, match="argnums=1 of sin"):
        gg.elementwise_grad(gg.sin, 1)(X)
