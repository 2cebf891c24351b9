"""gg.Function: forward and backward in PyTorch's form."""

import gc
import weakref

import numpy as np
import pytest

import gpugrad as gg

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(2, 3))


class Wave(gg.Function):
    """``(sin(x) * y * k, sin(x))``; ``k`` is a number, not an operand."""

    @staticmethod
    def forward(ctx, x, y, k):
        s = gg.sin(x)
        ctx.save_for_backward(x, None, y, s)
        ctx.k = k
        return s * y * k, s

    @staticmethod
    def backward(ctx, g, h):
        x, none, y, s = ctx.saved_tensors
        assert none is None
        return g * gg.cos(x) * y * ctx.k + h * gg.cos(x), g * s * ctx.k, None


class Cube(gg.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return gg.tensor(x.data**3)

    @staticmethod
    @gg.once_differentiable
    def backward(ctx, g):
        return gg.tensor(3 * ctx.saved_tensors[0].data ** 2 * g.data)


def test_every_order_and_direction(xp):
    x, y = xp.asarray(X), xp.asarray(Y)
    gg.testing.check_grads(lambda x, y: Wave.apply(x, y, 2.0), (x, y), order=3 if xp is np else 2)
    gg.testing.check_grads(lambda x: Wave.apply(x, y, 2.0)[0], (x,), order=2)


def test_arrays_in_arrays_out(xp):
    y, s = Wave.apply(xp.asarray(X), xp.asarray(Y), 2.0)
    assert type(y) is type(s) is xp.ndarray
    np.testing.assert_allclose(gg.tensor(y).numpy(), 2 * np.sin(X) * Y)
    assert type(Wave.apply(gg.tensor(X), Y, 2.0)[0]) is gg.Tensor


def test_array_code_is_differentiated_once():
    x = gg.tensor(X, requires_grad=True)
    Cube.apply(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * X**2)
    x.grad = None
    Cube.apply(x).sum().backward(create_graph=True)  # allowed, as long as nobody goes further
    with pytest.raises(RuntimeError, match="backward of Cube is once_differentiable: there are no second"):
        x.grad.sum().backward()


@pytest.mark.parametrize(
    "derivative",
    [
        lambda: gg.jvp(Cube.apply, (X,), (X,)),
        lambda: gg.hvp(lambda x: Cube.apply(x).sum(), X, X),
        lambda: gg.hessian(lambda x: Cube.apply(x).sum())(X),
        lambda: gg.grad(lambda g: gg.vjp(Cube.apply, X)[1](g)[0].sum())(X),
    ],
)
def test_once_differentiable_elsewhere(derivative):
    with pytest.raises(RuntimeError, match="once_differentiable"):
        derivative()


def test_needs_input_grad():
    seen = []

    class Product(gg.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            seen.append(ctx.needs_input_grad)
            ctx.save_for_backward(x, y)
            return x * y * k

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            x, y = ctx.saved_tensors
            first, second, _ = ctx.needs_input_grad
            return g * y if first else None, g * x if second else None, None

    x, y = gg.tensor(2.0, requires_grad=True), gg.tensor(3.0)
    Product.apply(x, y, 1).backward()
    Product.apply(y, x, 1).backward()
    assert seen == [(True, False, False)] * 2 + [(False, True, False)] * 2
    assert x.grad.item() == 6


def test_mark_non_differentiable():
    class Sorted(gg.Function):
        @staticmethod
        def forward(ctx, x):
            order = gg.argsort(x)
            ctx.save_for_backward(order)
            scale = gg.abs(x)
            ctx.mark_non_differentiable(scale)
            return gg.sort(x), order, scale

        @staticmethod
        def backward(ctx, g, *rest):
            (order,) = ctx.saved_tensors
            assert all(not r.data.any() for r in rest)
            return gg.index_update(gg.zeros_like(g), order, g)

    w = np.array([1.0, 10.0, 100.0])
    y, order, scale = Sorted.apply(gg.tensor(X, requires_grad=True))
    assert y.requires_grad
    assert not order.requires_grad
    assert not scale.requires_grad
    g = gg.grad(lambda x: (Sorted.apply(x)[0] * w).sum())(X)
    np.testing.assert_allclose(g, gg.grad(lambda x: (gg.sort(x) * w).sum())(X))


@pytest.mark.parametrize("materialize", [True, False])
def test_cotangents_that_are_zero(materialize):
    class Two(gg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            assert (h is None) is not materialize
            return g * 2 if h is None else g * 2 + h * 3

    assert gg.grad(lambda x: Two.apply(x)[0])(1.0) == 2


def test_setup_context():
    class Exp(gg.Function):
        @staticmethod
        def forward(x):
            return gg.exp(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            assert len(inputs) == 1
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    np.testing.assert_allclose(gg.grad(gg.grad(gg.grad(Exp.apply)))(0.5), np.exp(0.5))


def test_an_intermediate_is_refused_for_second_derivatives():
    class Bad(gg.Function):
        @staticmethod
        def forward(ctx, x):
            c = gg.cos(x)
            ctx.save_for_backward(c)
            return gg.sin(x)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    np.testing.assert_allclose(gg.grad(Bad.apply)(0.5), np.cos(0.5))
    with pytest.raises(RuntimeError, match="Bad saved a tensor for backward that is neither"):
        gg.grad(gg.grad(Bad.apply))(0.5)


def test_under_vmap():
    x, y = RNG.normal(size=(2, 5, 3))

    def loss(x, y):
        a, s = Wave.apply(x, y, 2.0)
        return (a * a).sum() + s.sum()

    def plain(x, y):
        return gg.square(2 * gg.sin(x) * y).sum() + gg.sin(x).sum()

    for of in (
        lambda f: gg.vmap(gg.grad(f))(x, y),
        lambda f: gg.grad(lambda x: gg.vmap(f)(x, y).sum())(x),
        lambda f: gg.grad(lambda y: gg.vmap(f, (0, None))(x, y).sum())(y[0]),
        lambda f: gg.hessian(lambda y: gg.vmap(f, (0, None))(x, y).sum())(y[0]),
    ):
        np.testing.assert_allclose(of(loss), of(plain), rtol=1e-10)
    np.testing.assert_allclose(gg.vmap(gg.grad(lambda x: Cube.apply(x).sum()))(x), 3 * x**2)


def test_nothing_stays_behind():
    gc.disable()
    try:
        x = gg.tensor(X, requires_grad=True)
        h = gg.exp(x)
        ref = weakref.ref(h.data)
        y = Wave.apply(h, Y, 2.0)
        del h
        assert ref() is not None
        y[0].sum().backward()
        assert ref() is None
    finally:
        gc.enable()


# ---- mistakes ----


def _function(forward, backward=lambda ctx, g: g):
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Mine", (gg.Function,), methods)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (
            _function(lambda ctx, x: x * 2, lambda ctx, g: (g, g)),
            TypeError,
            "the 1 arguments of apply; got 2",
        ),
        (_function(lambda ctx, x: x * 2, lambda ctx, g: ()), TypeError, "got 0"),
        (
            _function(lambda ctx, x: x * 2, lambda ctx, g: g.sum()),
            ValueError,
            r"Mine gave a gradient .* \(\)",
        ),
        (_function(lambda ctx, x: ctx.save_for_backward(2)), TypeError, "takes Tensors and None, got int"),
        (_function(lambda ctx, x: x * W), TypeError, r"Mine uses a tensor that .* \(in multiply\)"),
        (_function(lambda ctx, x: W), TypeError, r"Mine uses a tensor .* \(in its result\)"),
    ],
)
def test_mistakes(function, error, message):
    with pytest.raises(error, match=message):
        gg.grad(lambda x: function.apply(x).sum())(X)
    assert gg.is_grad_enabled()


W = gg.tensor(2.0, requires_grad=True)


def test_trailing_nones_are_ignored():
    f = _function(lambda ctx, x: x * 2, lambda ctx, g: (2 * g, None, None))
    assert gg.grad(f.apply)(1.0) == 2


def test_methods_that_are_missing():
    class Empty(gg.Function):
        pass

    with pytest.raises(NotImplementedError, match="static method forward"):
        Empty.apply(X)
    half = type("Half", (gg.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
    with pytest.raises(NotImplementedError, match="static method backward"):
        gg.grad(half.apply)(1.0)
