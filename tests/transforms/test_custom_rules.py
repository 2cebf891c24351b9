"""custom_vjp and custom_jvp."""

import gc
import threading
import weakref

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 3))


def product(x, y):
    return gg.sin(x) * y, {"s": (x * y).sum()}


@pytest.fixture
def own_vjp():
    """Residuals of every kind: arguments, a result, an intermediate, a constant."""

    def fwd(x, y):
        s, c = gg.sin(x), gg.cos(x)
        y0 = s * y
        return (y0, {"s": (x * y).sum()}), {"kept": (x, y, c, y0), "one": 1}

    def bwd(residuals, g):
        x, y, c, y0 = residuals["kept"]
        a, b = g[0], g[1]["s"]
        return a * c * y + b * y, a * y0 / y * residuals["one"] + b * x

    f = gg.custom_vjp(product)
    f.defvjp(fwd, bwd)
    return f


@pytest.fixture
def own_jvp():
    f = gg.custom_jvp(product)

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        return f(x, y), (gg.cos(x) * y * tx + gg.sin(x) * ty, {"s": (tx * y + x * ty).sum()})

    return f


@pytest.fixture(params=["custom_vjp", "custom_jvp"])
def own(request):
    return request.getfixturevalue("own_vjp" if request.param == "custom_vjp" else "own_jvp")


def test_every_order_and_direction(own, xp):
    gg.testing.check_grads(own, (xp.asarray(X), xp.asarray(Y)), order=3 if xp is np else 2)
    gg.testing.check_grads(lambda x: own(x, 2.0)[0], (xp.asarray(X),), order=2)


def test_as_a_function(own, xp):
    value = own(xp.asarray(X), xp.asarray(Y))
    assert type(value[0]) is xp.ndarray
    assert own.__name__ == "product"
    np.testing.assert_allclose(gg.tensor(value[0]).numpy(), np.sin(X) * Y)
    np.testing.assert_allclose(own(y=Y, x=X)[0], np.sin(X) * Y)
    assert type(own(gg.tensor(X), Y)[0]) is gg.Tensor


def test_the_rule_is_what_counts():
    clipped = gg.custom_vjp(lambda x: x)
    clipped.defvjp(lambda x: (x, None), lambda _, g: (gg.clip(g, -1.0, 1.0),))
    np.testing.assert_allclose(gg.grad(lambda x: 5 * clipped(x))(2.0), 1)
    straight = gg.custom_jvp(gg.sign)
    straight.defjvps(lambda t, y, x: t)
    np.testing.assert_allclose(gg.grad(lambda x: 5 * straight(x))(2.0), 5)


def test_keyword_arguments_and_trees_find_their_places():
    f = gg.custom_vjp(lambda p, s=1.0: (p["a"] * p["b"]).sum() * s)
    f.defvjp(
        lambda p, s: ((p["a"] * p["b"]).sum() * s, (p, s)),
        lambda r, g: ({"a": g * r[0]["b"] * r[1], "b": None}, None),
    )
    g = gg.grad(lambda p: f(s=2.0, p=p))({"a": X, "b": Y})
    np.testing.assert_allclose(g["a"], 2 * Y)
    assert not g["b"].any()


def test_nondiff_argnums():
    def apply(f, x, n):
        for _ in range(n):
            x = f(x)
        return x

    by_vjp = gg.custom_vjp(apply, nondiff_argnums=(0, 2))
    by_vjp.defvjp(
        lambda f, x, n: (apply(f, x, n), x),
        lambda f, n, x, g: gg.vjp(lambda x: apply(f, x, n), x)[1](g),
    )
    by_jvp = gg.custom_jvp(apply, nondiff_argnums=(0, 2))
    by_jvp.defjvp(lambda f, n, primals, tangents: gg.jvp(lambda x: apply(f, x, n), primals, tangents))
    for own in (by_vjp, by_jvp):
        np.testing.assert_allclose(gg.grad(own, 1)(gg.sin, 0.5, 2), np.cos(np.sin(0.5)) * np.cos(0.5))
        with pytest.raises(TypeError, match=r"requires grad and is among its nondiff_argnums=\(0, 2\)"):
            own(gg.sin, 0.5, gg.tensor(2.0, requires_grad=True))


def test_defvjps_of_nothing():
    f = gg.custom_jvp(lambda x, y: x * y)
    f.defjvps(None, None)
    assert gg.grad(f, (0, 1))(2.0, 3.0) == (0, 0)
    f.defjvps(None, lambda t, value, x, y: 10 * t)
    assert gg.grad(f, (0, 1))(2.0, 3.0) == (0, 10)


def test_complex_gradients_point_uphill():
    z = np.array([1 + 2j, 3 - 1j])
    f = gg.custom_vjp(lambda z: z * z)
    f.defvjp(lambda z: (z * z, z), lambda z, g: (2 * gg.conj(z) * g,))
    gg.testing.check_grads(f, (z,), order=3)
    h = gg.custom_jvp(lambda z: z * gg.conj(z))
    h.defjvps(lambda t, y, z: t * gg.conj(z) + z * gg.conj(t))
    gg.testing.check_grads(h, (z,), order=3)


def test_float32():
    f = gg.custom_vjp(gg.sin)
    f.defvjp(lambda x: (gg.sin(x), x), lambda x, g: (np.float64(1) * np.ones(3) * gg.cos(x) * g,))
    assert gg.grad(lambda x: f(x).sum())(X.astype("float32")).dtype == np.float32


def test_a_whole_number_among_the_results():
    f = gg.custom_vjp(lambda x: (gg.sin(x), gg.argmax(x)))
    f.defvjp(lambda x: ((gg.sin(x), gg.argmax(x)), x), lambda x, g: (g[0] * gg.cos(x),))
    y, k = f(gg.tensor(X, requires_grad=True))
    assert not k.requires_grad
    assert y.requires_grad


# ---- vmap ----


def test_per_example_and_batched(own):
    x, y = RNG.normal(size=(2, 5, 3))

    def loss(f):
        return lambda x, y: gg.square(f(x, y)[0]).sum() * f(x, y)[1]["s"]

    for got, expected in (
        (gg.vmap(gg.grad(loss(own)))(x, y), gg.vmap(gg.grad(loss(product)))(x, y)),
        (
            gg.grad(lambda x: gg.vmap(loss(own))(x, y).sum())(x),
            gg.grad(lambda x: gg.vmap(loss(product))(x, y).sum())(x),
        ),
        (
            gg.grad(lambda y: gg.vmap(loss(own), (0, None))(x, y).sum())(y[0]),
            gg.grad(lambda y: gg.vmap(loss(product), (0, None))(x, y).sum())(y[0]),
        ),
        (
            gg.hessian(lambda y: gg.vmap(loss(own), (0, None))(x, y).sum())(y[0]),
            gg.hessian(lambda y: gg.vmap(loss(product), (0, None))(x, y).sum())(y[0]),
        ),
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_the_rule_counts_under_vmap_too():
    clipped = gg.custom_vjp(lambda x: x)
    clipped.defvjp(lambda x: (x, None), lambda _, g: (gg.clip(g, -1.0, 1.0),))
    w = np.array([0.5, 5.0])
    expected = [0.5, 1]
    np.testing.assert_allclose(gg.grad(lambda x: (gg.vmap(clipped)(x) * w).sum())(X[:2]), expected)
    np.testing.assert_allclose(gg.vmap(gg.grad(lambda x, w: clipped(x) * w))(X[:2], w), expected)


# ---- what stays behind ----


def test_the_graph_dies_with_its_tensors(own):
    gc.disable()
    try:
        x = gg.tensor(X, requires_grad=True)
        h = gg.exp(x)
        ref = weakref.ref(h.data)
        y = own(h, Y)
        del h
        assert ref() is not None
        del y
        assert ref() is None
    finally:
        gc.enable()


def test_backward_twice_and_freed(own):
    x = gg.tensor(X, requires_grad=True)
    y = own(x, Y)[0].sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(X) * Y)
    with pytest.raises(RuntimeError, match="freed by an earlier backward"):
        y.backward()


def test_an_argument_written_to_meanwhile(own):
    x = gg.tensor(X, requires_grad=True)
    y = own(x, Y)[0].sum()
    with gg.no_grad():
        x += 1.0
    with pytest.raises(RuntimeError, match="changed in place afterwards"):
        y.backward()


def test_under_the_modes_that_look_for_mistakes(own):
    with gg.detect_anomaly(), gg.guard_arrays():
        g = gg.grad(lambda x: own(x, Y)[0].sum())(X)
        np.testing.assert_allclose(g, np.cos(X) * Y)
        np.testing.assert_allclose(gg.grad(lambda x: gg.checkpoint(own)(x, Y)[0].sum())(X), g)
    x = gg.tensor(X, requires_grad=True)
    with gg.guard_arrays():
        y = own(x, Y)[0].sum()
        x.data[0] += 1
        with pytest.raises(RuntimeError, match="written to after the forward pass"):
            y.backward()


def test_they_can_be_looked_into(own):
    program = str(gg.make_graph(lambda x: own(x, Y)[0])(X))
    assert "sin" in program
    x = gg.tensor(X, requires_grad=True)
    assert gg.draw(own(x, Y)[0].sum())
    assert x.grad is None


def test_an_exception_in_a_rule_leaves_no_state():
    f = gg.custom_vjp(gg.sin)
    f.defvjp(lambda x: 1 / 0, lambda x, g: (g,))
    with pytest.raises(ZeroDivisionError):
        gg.grad(f)(1.0)
    assert gg.is_grad_enabled()
    assert gg.exp(gg.tensor(1.0, requires_grad=True)).requires_grad


def test_threads(own):
    found = {}

    def work(k):
        for _ in range(20):
            found[k] = gg.grad(lambda x: own(x, Y)[0].sum())(X * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, g in found.items():
        np.testing.assert_allclose(g, np.cos(X * k) * Y)


# ---- mistakes ----


def _with_bwd(bwd):
    f = gg.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, None), bwd)
    return lambda: gg.grad(lambda x: f(x, Y).sum())(X)


def _with_rule(rule):
    f = gg.custom_jvp(lambda x, y: x * y)
    f.defjvp(rule)
    return lambda: gg.jvp(lambda x: f(x, Y), (X,), (X,))


def _transposed(rule):
    f = gg.custom_jvp(lambda x, y: x * y)
    f.defjvp(rule)
    return lambda: gg.grad(lambda x: f(x, Y).sum())(X)


def _without(kind):
    return lambda: gg.grad(kind(lambda x: x.sum()))(X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (_without(gg.custom_vjp), TypeError, r"custom_vjp without a rule; .*<lambda>\.defvjp\(fwd"),
        (_without(gg.custom_jvp), TypeError, r"custom_jvp without a rule; .*<lambda>\.defjvp\(rule"),
        (_with_bwd(lambda r, g: g), TypeError, r"a gradient for each of the 2 arguments.*got Tensor"),
        (_with_bwd(lambda r, g: (g,)), TypeError, "got 1 of them"),
        (_with_bwd(lambda r, g: ([g], None)), ValueError, "gradient of structure .* for argument 0"),
        (_with_bwd(lambda r, g: (g.sum(), None)), ValueError, r"gave a gradient number 0 of shape \(\);"),
        (_with_bwd(lambda r, g: ("g", None)), TypeError, "gave a gradient number 0 that is str"),
        (_with_rule(lambda p, t: p[0]), TypeError, r"has to return \(value, tangent\), got Tensor"),
        (_with_rule(lambda p, t: (p[0], [t[0]])), ValueError, "gave a tangent of structure"),
        (_with_rule(lambda p, t: (p[0], t[0].sum())), ValueError, r"gave a tangent number 0 of shape \(\)"),
        (_transposed(lambda p, t: (p[0], np.ones(3))), TypeError, "has to be made of gpugrad's"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_backward_rule_outside_of_gpugrad_has_no_forward_mode():
    f = gg.custom_vjp(lambda x: x * 2)
    f.defvjp(lambda x: (x * 2, None), lambda _, g: (g.numpy() * 2,))
    np.testing.assert_allclose(gg.grad(lambda x: f(x).sum())(X), [2, 2, 2])
    with pytest.raises((TypeError, RuntimeError)):
        gg.jvp(f, (X,), (X,))


@pytest.mark.parametrize("kind", [gg.custom_vjp, gg.custom_jvp])
@pytest.mark.parametrize(
    "use",
    [lambda w, x: w * x, lambda w, x: w, lambda w, x: gg.grad(lambda x: w * x)(x)],
    ids=["used", "returned", "inside"],
)
def test_a_tensor_that_is_closed_over(kind, use):
    w = gg.tensor(2.0, requires_grad=True)
    f = kind(lambda x: use(w, x))
    if kind is gg.custom_vjp:
        f.defvjp(lambda x: (use(w, x), None), lambda _, g: (g,))
    else:
        f.defjvps(lambda t, y, x: t)
    with pytest.raises(TypeError, match="uses a tensor that requires grad and is not among its arguments"):
        gg.grad(f)(3.0)
    assert gg.is_grad_enabled()


def test_keyword_only_arguments():
    f = gg.custom_vjp(lambda x, *, k: x * k)
    with pytest.raises(TypeError, match="takes arguments by position; it was called with the keyword-only k"):
        f(X, k=2)


def test_argnums_that_are_not_there():
    with pytest.raises(ValueError, match="count from 0"):
        gg.custom_vjp(gg.sin, nondiff_argnums=-1)
    with pytest.raises(ValueError, match=r"nondiff_argnums=\(1,\) of sin, which was called with 1"):
        gg.custom_jvp(gg.sin, nondiff_argnums=1)(X)
