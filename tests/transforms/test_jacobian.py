"""jacrev, jacfwd, jacobian and hessian."""

import sys
import threading

import numpy as np
import pytest

import gpugrad as gg

JACOBIANS = {"jacrev": gg.jacrev, "jacfwd": gg.jacfwd, "jacobian": gg.jacobian}
RNG = np.random.default_rng(0)
W = RNG.normal(size=(4, 3))
X = RNG.normal(size=3)


def differences(f, x, h=1e-6):
    """The Jacobian of a NumPy function by central differences."""
    columns = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = h
        step = step.reshape(x.shape)
        columns.append((f(x + step) - f(x - step)) / (2 * h))
    return np.stack(columns, -1).reshape(*columns[0].shape, *x.shape)


@pytest.fixture(params=JACOBIANS)
def transform(request):
    return JACOBIANS[request.param]


def test_shapes_and_values(transform, xp):
    w = xp.asarray(W)

    def f(x):
        return gg.tanh(w @ x) * gg.sin(x[0])

    j = transform(f)(xp.asarray(X))
    assert type(j) is xp.ndarray
    expected = differences(lambda x: np.tanh(W @ x) * np.sin(x[0]), X)
    np.testing.assert_allclose(gg.tensor(j).numpy(), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("inside", "outside"), [((), ()), ((2,), ()), ((), (2,)), ((2, 3), (3, 2)), ((0,), (2,)), ((2,), (0,))]
)
def test_any_number_of_axes(transform, inside, outside):
    x = RNG.normal(size=inside)
    w = RNG.normal(size=(*outside, *inside))
    j = transform(lambda x: (w * gg.square(x)).sum(tuple(range(len(outside), w.ndim))))(x)
    assert j.shape == outside + inside
    np.testing.assert_allclose(j, 2 * w * x)


def test_pytrees_give_blocks(transform):
    def f(p, s):
        return {"a": gg.sin(p["w"]) * s, "b": (p["w"].sum() * p["c"] * s,)}

    p = {"w": RNG.normal(size=2), "c": np.array(3.0)}
    j = transform(f)(p, 2.0)
    np.testing.assert_allclose(j["a"]["w"], np.diag(2 * np.cos(p["w"])))
    assert j["a"]["c"].tolist() == [0, 0]
    assert j["b"][0]["w"].tolist() == [6, 6]
    np.testing.assert_allclose(j["b"][0]["c"], 2 * p["w"].sum())
    by_s = transform(f, 1)(p, 2.0)
    np.testing.assert_allclose(by_s["a"], np.sin(p["w"]))
    both = transform(f, (1, 0))(p, 2.0)
    np.testing.assert_allclose(both["a"][0], by_s["a"])
    np.testing.assert_allclose(both["a"][1]["w"], j["a"]["w"])


def test_has_aux_and_keyword_arguments(transform):
    def f(x, *, k):
        return x * k, {"sum": x.sum()}

    j, aux = transform(f, has_aux=True)(X, k=2.0)
    np.testing.assert_allclose(j, 2 * np.eye(3))
    assert type(aux["sum"]) is np.ndarray
    np.testing.assert_allclose(aux["sum"], X.sum())


def test_tensors_in_tensors_out(transform):
    j = transform(gg.sin)(gg.tensor(X))
    assert type(j) is gg.Tensor
    assert not j.requires_grad
    x = gg.tensor(X, requires_grad=True)
    transform(gg.sin)(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.sin(X))


def test_what_is_closed_over_is_differentiated(transform):
    w = gg.tensor(W, requires_grad=True)
    j = transform(lambda x: gg.square(w @ x))(X)
    assert type(j) is gg.Tensor
    j.sum().backward()
    expected = differences(lambda w: (2 * (w @ X)[:, None] * w).sum(), W)
    np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-6)


def test_float32_stays(transform):
    assert transform(lambda x: gg.exp(x) * 2)(X.astype("float32")).dtype == np.float32


def test_outputs_that_do_not_depend_on_the_input(transform):
    j = transform(lambda x: (np.ones(2), x))(X)
    assert j[0].shape == (2, 3)
    assert not j[0].any()


def test_a_jacobian_in_several_batches(transform, monkeypatch):
    basis = sys.modules["gpugrad.transforms.basis"]

    monkeypatch.setattr(basis, "_ELEMENTS", 7)
    np.testing.assert_allclose(transform(lambda x: W @ gg.sin(x))(X), W * np.cos(X))


def test_jacobian_takes_the_smaller_side(monkeypatch):
    module = sys.modules["gpugrad.transforms.jacobian"]

    taken = []
    for name in ("_by_rows", "_by_columns"):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda e, name=name, f=original: taken.append(name) or f(e))
    gg.jacobian(lambda x: W @ x)(X)
    gg.jacobian(lambda x: x[:2])(X)
    gg.jacobian(gg.sin)(X)
    assert taken == ["_by_columns", "_by_rows", "_by_columns"]


# ---- complex numbers ----

Z = np.array([1 + 2j, 3 - 1j])


def test_holomorphic(transform):
    a, b = Z
    expected = np.array([[3 * a * a, 0], [b * b, 2 * a * b]])
    np.testing.assert_allclose(transform(lambda z: z * z * z[0])(Z), expected)


def test_a_real_function_of_complex_numbers_has_the_gradient(transform):
    def f(z):
        return gg.real(z * gg.conj(z)).sum()

    np.testing.assert_allclose(transform(f)(Z), gg.grad(f)(Z))
    np.testing.assert_allclose(transform(f)(Z), 2 * Z)


def test_a_complex_function_of_real_numbers(transform):
    np.testing.assert_allclose(transform(lambda x: x * x * (1 + 2j))(X), np.diag(2 * X * (1 + 2j)))


# ---- Hessians ----


def test_hessian(xp):
    def f(x):
        return gg.exp(gg.sin(x) @ x)

    h = gg.hessian(f)(xp.asarray(X))
    assert type(h) is xp.ndarray
    expected = differences(lambda x: gg.grad(f)(x), X)
    np.testing.assert_allclose(gg.tensor(h).numpy(), expected, rtol=1e-6, atol=1e-8)


def test_hessian_blocks():
    def f(p, q):
        return (p["a"] * gg.sin(q)).sum() * p["b"]

    p, q = {"a": np.array([1.0, 2.0]), "b": np.array(3.0)}, np.array([0.1, 0.2])
    h = gg.hessian(f, (0, 1))(p, q)
    assert len(h) == 2
    assert h[0]["a"][0]["a"].tolist() == [[0, 0], [0, 0]]
    np.testing.assert_allclose(h[0]["a"][0]["b"], np.sin(q))
    np.testing.assert_allclose(h[0]["a"][1], np.diag(3 * np.cos(q)))
    np.testing.assert_allclose(h[1][0]["b"], p["a"] * np.cos(q))
    np.testing.assert_allclose(h[1][1], np.diag(-3 * p["a"] * np.sin(q)))


def test_third_derivatives():
    """Of ``(c . x)^4 + log(1 + x_0 x_1)`` at x, to 1e-10."""
    c = np.array([0.5, -1.0, 2.0])

    def f(x):
        return (c @ x) ** 4 + gg.log(1 + x[0] * x[1])

    x = np.array([0.3, 0.7, 0.2])
    third = gg.jacfwd(gg.hessian(f))(x)
    expected = 24 * (c @ x) * np.einsum("i,j,k->ijk", c, c, c)
    a, b = x[:2]
    d = 1 + a * b
    expected[0, 0, 0] += 2 * b**3 / d**3
    expected[1, 1, 1] += 2 * a**3 / d**3
    for place in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
        expected[place] += -2 * b / d**3
    for place in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        expected[place] += -2 * a / d**3
    np.testing.assert_allclose(third, expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(gg.jacrev(gg.jacrev(gg.jacrev(f)))(x), expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(gg.jacfwd(gg.jacfwd(gg.jacfwd(f)))(x), expected, rtol=1e-10, atol=1e-10)


def test_control_flow():
    def power(x, n):
        y = 1.0
        while n:
            y, n = y * x, n - 1
        return y if y[0] > 0.5 else gg.sin(x)

    x = np.array([0.9, 0.2])
    np.testing.assert_allclose(gg.jacrev(lambda x: power(x, 3))(x), np.diag(3 * x**2))
    np.testing.assert_allclose(gg.jacfwd(lambda x: power(x, 20))(x), np.diag(np.cos(x)))


def test_threads():
    found = {}

    def work(k):
        for _ in range(10):
            found[k] = gg.hessian(lambda x: gg.exp(k * x).sum())(X)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, h in found.items():
        np.testing.assert_allclose(h, np.diag(k * k * np.exp(k * X)))


def test_an_exception_leaves_no_state(transform):
    @gg.primitive
    def broken(xp, x):
        return x * 1.0

    def fail(t):
        raise ZeroDivisionError

    gg.by_hand(broken, vjp=(fail,), jvp=(fail,))
    with pytest.raises(ZeroDivisionError):
        transform(broken)(X)
    np.testing.assert_allclose(transform(gg.sin)(X), np.diag(np.cos(X)))
    np.testing.assert_allclose(gg.vmap(gg.sin)(X), np.sin(X))


# ---- errors ----


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: t(gg.sin)(np.arange(3)), TypeError, "the Jacobian of sin differentiates.*got dtype int64"),
        (lambda t: t(gg.argmax)(X), TypeError, "of argmax needs float or complex outputs, got dtype int64"),
        (lambda t: t(gg.sin, 1)(X), ValueError, "argnums=1 of sin, which was called with 1 arguments"),
        (lambda t: t(gg.sin, (0, 2))(X), ValueError, r"argnums=\(0, 2\) of sin"),
        (lambda t: t(gg.sin, "x")(X), TypeError, "argnums of sin has to be .* got 'x'"),
        (
            lambda t: t(gg.sin)("no"),
            TypeError,
            r"the Jacobian of sin needs an argument of arrays.*got str \('no'\)",
        ),
        (lambda t: t(lambda x: "no")(X), TypeError, r"has to return Tensors, arrays.*got str \('no'\)"),
        (lambda t: t(gg.sin, has_aux=True)(X), TypeError, r"needs sin to return \(value, aux\), got Tensor"),
    ],
)
def test_errors(transform, call, error, message):
    with pytest.raises(error, match=message):
        call(transform)


def test_hessian_of_complex_arguments():
    with pytest.raises(TypeError, match=r"hessian of .* takes real arguments, argument 0 is complex"):
        gg.hessian(lambda z: gg.abs(z).sum())(Z)
    with pytest.raises(ValueError, match="argnums=3 of sin"):
        gg.hessian(gg.sin, 3)(X)


def test_grad_of_an_array_names_jacobian():
    with pytest.raises(ValueError, match=r"got shape \(3,\) and dtype float64 from sin; .*gpugrad\.jacobian"):
        gg.grad(gg.sin)(X)
