"""vjp and jvp."""

import numpy as np
import pytest

import gpugrad as gg


def f(x, y):
    return {"product": x * y, "sums": [x.sum(), y]}


X, Y = np.array([1.0, 2.0]), np.array([3.0, 4.0])


def test_vjp(xp):
    value, pull = gg.vjp(f, xp.asarray(X), xp.asarray(Y))
    assert type(value["product"]) is xp.ndarray
    assert value["product"].tolist() == [3, 8]
    cotangent = {"product": xp.asarray([1.0, 10.0]), "sums": [xp.asarray(100.0), xp.zeros(2)]}
    for _ in range(2):
        gx, gy = pull(cotangent)
        assert type(gx) is xp.ndarray
        assert gx.tolist() == [103, 140]
        assert gy.tolist() == [1, 20]


def test_jvp(xp):
    value, t = gg.jvp(f, (xp.asarray(X), xp.asarray(Y)), (xp.asarray([1.0, 0.0]), xp.asarray([0.0, 1.0])))
    assert value["product"].tolist() == [3, 8]
    assert type(t["product"]) is xp.ndarray
    assert t["product"].tolist() == [3, 2]
    assert float(t["sums"][0]) == 1
    assert t["sums"][1].tolist() == [0, 1]


def test_tensors_give_tensors():
    value, pull = gg.vjp(gg.sin, gg.tensor(X))
    (g,) = pull(X)
    assert type(value) is type(g) is gg.Tensor
    assert not g.requires_grad
    _, pull = gg.vjp(gg.sin, X)
    assert type(pull(gg.tensor(X))[0]) is gg.Tensor
    value, t = gg.jvp(gg.sin, (X,), (gg.tensor(X),))
    assert type(value) is type(t) is gg.Tensor


def test_no_arguments_and_constants():
    value, pull = gg.vjp(lambda: gg.tensor(2.0).data)
    assert (value.item(), pull(1.0)) == (2, ())
    value, pull = gg.vjp(lambda x: 3.0, X)
    assert pull(1.0)[0].tolist() == [0, 0]
    _, t = gg.jvp(lambda x: (3.0, np.ones(2, "float32")), (X,), (X,))
    assert t[0] == 0
    assert t[1].dtype == np.float32


def test_the_function_itself_returned():
    _, pull = gg.vjp(lambda x: (x, x), X)
    assert pull((X, Y))[0].tolist() == [4, 6]
    _, (a, b) = gg.jvp(lambda x: (x, x), (X,), (Y,))
    assert a.tolist() == b.tolist() == [3, 4]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_python_numbers_take_the_dtype(dtype):
    x = np.ones((), dtype)
    _, pull = gg.vjp(lambda x: x * 2, x)
    assert pull(3.0)[0].dtype == dtype
    _, t = gg.jvp(lambda x: x * 2, (x,), (1,))
    assert (t.dtype, t.item()) == (dtype, 2)


def test_broadcasting_and_dtypes_forward():
    a, b = np.ones((2, 1), "float32"), np.ones(3)
    _, t = gg.jvp(lambda a, b: a * b, (a, b), (a, 2 * b))
    assert (t.shape, t.dtype) == ((2, 3), np.float64)
    assert (t == 3).all()
    _, t = gg.jvp(lambda a: a + b, (a,), (a,))
    assert (t.shape, t.dtype) == ((2, 3), np.float64)
    _, t = gg.jvp(lambda x: x * 1j, (b,), (b,))
    assert t.dtype == np.complex128


def test_complex():
    """jvp and vjp of z * z: 2 z t, and conj(2 z) g uphill."""
    z, t = np.array([1 + 2j]), np.array([3 - 1j])
    np.testing.assert_allclose(gg.jvp(lambda z: z * z, (z,), (t,))[1], 2 * z * t)
    np.testing.assert_allclose(gg.vjp(lambda z: z * z, z)[1](t)[0], np.conj(2 * z) * t)


def test_vjp_is_the_transpose_of_jvp():
    rng = np.random.default_rng(0)
    w = rng.normal(size=(3, 4))

    def layer(w, x):
        h = gg.tanh(w @ x)
        return gg.softmax(h) * h[0] + x[:3]

    x, dw, dx, g = rng.normal(size=4), rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3)
    _, t = gg.jvp(layer, (w, x), (dw, dx))
    gw, gx = gg.vjp(layer, w, x)[1](g)
    np.testing.assert_allclose((g * t).sum(), (gw * dw).sum() + (gx * dx).sum(), rtol=1e-12)


# ---- differentiated again ----


def test_the_cotangent_is_differentiated():
    """v -> J^T v is linear: its gradient under sum is J 1."""
    _, pull = gg.vjp(lambda x: x**2, X)
    assert gg.grad(lambda v: pull(v)[0].sum())(Y).tolist() == [2, 4]
    v = gg.tensor(Y, requires_grad=True)
    pull(v)[0].sum().backward()
    assert v.grad.tolist() == [2, 4]


def test_the_tangent_is_differentiated():
    g = gg.grad(lambda v: gg.jvp(lambda x: (x**2).sum(), (X,), (v,))[1])(Y)
    assert g.tolist() == [2, 4]


def test_a_pull_may_be_called_under_no_grad():
    x = gg.tensor(X, requires_grad=True)
    _, pull = gg.vjp(lambda x: x**2, x)
    with gg.no_grad():
        (g,) = pull(Y)
    assert type(g) is gg.Tensor
    assert not g.requires_grad
    assert g.tolist() == [6, 16]


# ---- errors ----


@pytest.mark.parametrize(
    ("cotangent", "error", "message"),
    [
        (np.ones(2), ValueError, "structure .* the result of g has"),
        ((np.ones(2),), ValueError, "structure"),
        ((np.ones(3), 1.0), ValueError, r"has to have shape \(2,\), got \(3,\)"),
        ((np.ones((2, 1)), 1.0), ValueError, r"has to have shape \(2,\), got \(2, 1\)"),
        ((np.ones(2, "float32"), 1.0), TypeError, "has to have dtype float64, got float32"),
        ((np.ones(2, int), 1.0), TypeError, "has to have dtype float64, got int64"),
    ],
)
def test_cotangents_that_do_not_fit(cotangent, error, message):
    def g(x):
        return x * 2, x.sum()

    _, pull = gg.vjp(g, X)
    with pytest.raises(error, match=message):
        pull(cotangent)
    assert pull((X, 1.0))[0].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("tangents", "error", "message"),
    [
        ((), ValueError, "the tangents have structure .* the primals have"),
        ((X, X), ValueError, "structure"),
        ((np.ones(3),), ValueError, r"tangent of jvp of <lambda> has to have shape \(2,\), got \(3,\)"),
        ((1.0,), ValueError, r"shape \(2,\), got \(\)"),
        ((X.astype("float32"),), TypeError, "dtype float64, got float32"),
        ((X * 1j,), TypeError, "dtype float64, got complex128"),
    ],
)
def test_tangents_that_do_not_fit(tangents, error, message):
    with pytest.raises(error, match=message):
        gg.jvp(lambda x: x * 2, (X,), tangents)


def test_integer_primals():
    for call in (lambda: gg.vjp(gg.sin, 1), lambda: gg.jvp(gg.sin, (1,), (1,))):
        with pytest.raises(
            TypeError, match="of sin differentiates with respect to float and complex arguments"
        ):
            call()


def test_a_result_without_rules_has_no_tangent():
    assert gg.jvp(lambda x: x > 0, (X,), (X,))[1].tolist() == [False, False]
