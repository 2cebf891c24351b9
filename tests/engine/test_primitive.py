"""``gg.primitive`` and the rule forms, as users meet them."""

import inspect

import numpy as np
import pytest

import gpugrad as gg

# ---- the four forms ----


@pytest.fixture
def cube():
    @gg.primitive
    def cube(xp, x):
        """Third power."""
        return x * x * x

    gg.elementwise(cube, lambda t, x: 3 * t * x * x)
    return cube


def test_elementwise_serves_both_directions_and_every_order(cube, device, xp):
    v = xp.asarray([0.5, -2.0])
    host = np.array([0.5, -2.0])

    def total(x):
        return cube(x).sum()

    g = gg.grad(total)(v)
    assert type(g) is xp.ndarray
    np.testing.assert_allclose(gg.tensor(g).numpy(), 3 * host**2)
    _, t = gg.jvp(cube, (v,), (v,))
    np.testing.assert_allclose(gg.tensor(t).numpy(), 3 * host**3)
    third = gg.grad(lambda x: gg.grad(lambda y: gg.grad(total)(y).sum())(x).sum())(v)
    np.testing.assert_allclose(gg.tensor(third).numpy(), [6, 6])


def test_a_rule_may_read_the_result():
    @gg.primitive
    def growth(xp, x):
        return xp.exp(2 * x)

    gg.elementwise(growth, lambda t, y: t * 2 * y)
    np.testing.assert_allclose(gg.grad(gg.grad(growth))(0.3), 4 * np.exp(0.6))


def test_linear_needs_only_the_transpose():
    @gg.primitive
    def every_other(xp, x, *, start):
        return x[start::2]

    @gg.primitive
    def spread(xp, x, *, shape, start):
        out = xp.zeros(shape, x.dtype)
        out[start::2] = x
        return out

    gg.linear(every_other, lambda g, x_shape, *, start: spread(g, shape=x_shape, start=start))
    gg.linear(spread, lambda g, *, start: every_other(g, start=start))
    v, w = np.arange(5.0), np.array([1.0, 10.0])
    g = gg.grad(lambda x: (every_other(x, start=1) * w).sum())(v)
    assert g.tolist() == [0, 1, 0, 10, 0]
    assert gg.jvp(lambda x: every_other(x, start=1), (v,), (2 * v,))[1].tolist() == [2, 6]
    second = gg.grad(lambda x: (gg.grad(lambda u: (every_other(u, start=0) ** 2).sum())(x) * v).sum())(v)
    assert second.tolist() == [0, 0, 4, 0, 8]


def test_multilinear():
    @gg.primitive
    def cross(xp, a, b):
        return xp.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])

    gg.multilinear(cross, lambda g, b: cross(b, g), lambda g, a: cross(g, a))
    rng = np.random.default_rng(0)
    a, b, c, d = rng.normal(size=(4, 3))
    ga, gb = gg.grad(lambda a, b: (cross(a, b) * c).sum(), (0, 1))(a, b)
    np.testing.assert_allclose(ga, np.cross(b, c), rtol=1e-12)
    np.testing.assert_allclose(gb, np.cross(c, a), rtol=1e-12)
    _, t = gg.jvp(cross, (a, b), (c, d))
    np.testing.assert_allclose(t, np.cross(c, b) + np.cross(a, d), rtol=1e-12)


def test_by_hand():
    """Softsign of a sum, its transpose written apart from its forward rule."""

    @gg.primitive
    def squashed_sum(xp, x, *, axis):
        return xp.sum(x / (1 + xp.abs(x)), axis=axis)

    def slope(x):
        return 1 / gg.square(1 + gg.abs(x))

    gg.by_hand(
        squashed_sum,
        vjp=(lambda g, x, *, axis: gg.expand_dims(g, axis) * slope(x),),
        jvp=(lambda t, x, *, axis: (t * slope(x)).sum(axis),),
    )
    v = np.random.default_rng(0).normal(size=(2, 3))
    expected = 1 / (1 + abs(v)) ** 2
    w = np.array([1.0, 2.0, 3.0])
    g = gg.grad(lambda x: (squashed_sum(x, axis=0) * w).sum())(v)
    np.testing.assert_allclose(g, expected * w)
    _, t = gg.jvp(lambda x: squashed_sum(x, axis=1), (v,), (v,))
    np.testing.assert_allclose(t, (expected * v).sum(1))


def test_a_primitive_may_be_the_rule_of_another():
    @gg.primitive
    def half(xp, x):
        return x / 2

    gg.linear(half, half)
    assert gg.grad(half)(3.0) == 0.5
    assert gg.grad(lambda x: half(x) * x)(3.0) == 3


def test_a_nondifferentiable_primitive_gives_constants():
    @gg.nondifferentiable
    @gg.primitive
    def bucket(xp, x):
        return xp.floor(x * 10)

    x = gg.tensor([0.55], requires_grad=True)
    assert not bucket(x).requires_grad
    assert gg.grad(lambda v: bucket(v) * v)(0.55) == 5


def test_a_body_that_calls_a_library_outside():
    """What a kernel of one's own is: nothing that could be traced, with its rule beside it."""
    calls = []

    @gg.primitive
    def black_box(xp, x):
        assert type(x) is np.ndarray
        calls.append(x.shape)
        return np.array([float(v) ** 3 for v in x.ravel()]).reshape(x.shape)

    gg.elementwise(black_box, lambda t, x: 3 * t * gg.square(x))
    assert gg.grad(lambda x: black_box(x).sum())(np.array([1.0, 2.0])).tolist() == [3, 12]
    assert calls == [(2,)]


# ---- operands and parameters ----


def test_operands_without_a_rule():
    @gg.primitive
    def scaled(xp, x, factor):
        return x * factor

    gg.elementwise(scaled, lambda t, factor: t * factor, None)
    x, k = gg.tensor(2.0, requires_grad=True), gg.tensor(3.0, requires_grad=True)
    scaled(x, k).backward()
    assert x.grad.item() == 3
    assert k.grad is None
    assert not scaled(2.0, k).requires_grad


def test_three_operands():
    @gg.primitive
    def fused(xp, a, b, c):
        return a * b + c

    gg.elementwise(fused, lambda t, b: t * b, lambda t, a: t * a, lambda t: t)
    v = np.array([1.0, 2.0])
    grads = gg.grad(lambda a, b, c: fused(a, b, c).sum(), (0, 1, 2))(v, 3 * v, 5.0)
    assert [g.tolist() for g in grads] == [[3, 6], [1, 2], 2]


def test_any_number_of_operands():
    @gg.primitive
    def product(xp, *xs):
        y = xs[0]
        for x in xs[1:]:
            y = y * x
        return y

    def others(g, i, xs):
        for k, x in enumerate(xs):
            g = g if k == i else g * x
        return g

    gg.multilinear(product, others)
    a, b, c = 2.0, 3.0, 5.0
    assert gg.grad(product, (0, 1, 2))(a, b, c) == (15, 10, 6)
    assert gg.jvp(product, (a, b, c), (1.0, 1.0, 1.0))[1] == 31
    assert gg.grad(gg.grad(product, 0), 1)(a, b, c) == 5


def test_any_number_of_operands_that_nothing_is_read_of():
    @gg.primitive
    def total(xp, *xs, scale=1.0):
        return sum(xs) * scale

    gg.by_hand(total, vjp=(lambda g, i, *, scale: g * scale,), jvp=(lambda t, i, *, scale: t * scale,))
    assert gg.grad(total, (0, 1))(1.0, 2.0) == (1, 1)
    assert gg.grad(lambda a, b: total(a, b, scale=3.0), (0, 1))(1.0, 2.0) == (3, 3)
    assert gg.jvp(lambda a, b: total(a, b, a), (1.0, 2.0), (1.0, 1.0))[1] == 3

    @gg.primitive
    def plain_total(xp, *xs):
        return sum(xs)

    gg.by_hand(plain_total, vjp=(lambda g, i: g,), jvp=(lambda t, i: t,))
    assert gg.grad(plain_total, (0, 1))(1.0, 2.0) == (1, 1)


def test_a_parameter_that_is_left_to_its_default():
    @gg.primitive
    def scaled(xp, x, *, factor=2.0, unused=None):
        return x * factor

    gg.elementwise(scaled, lambda t, *, factor: t * factor)
    assert gg.grad(scaled)(1.0) == 2
    assert gg.grad(lambda x: scaled(x, factor=5.0))(1.0) == 5


def test_name_signature_and_documentation(cube):
    assert cube.__name__ == "cube"
    assert cube.__doc__ == "Third power."
    assert cube.__module__ == __name__
    assert str(inspect.signature(gg.softmax)).startswith("(x")

    @gg.primitive
    def f(xp, a, *, k=1):
        return a

    assert str(inspect.signature(f)) == "(a, /, *, k=1)"
    assert repr(f.primitive) == "<primitive f>"


def test_on_arrays_a_primitive_is_its_body(cube, xp):
    y = cube(xp.asarray([2.0]))
    assert type(y) is xp.ndarray
    assert y.tolist() == [8]
    assert cube(2) == 8
