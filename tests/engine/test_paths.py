"""Every way through the engine gives the same gradients: flat or careful, bare or recorded, and forward."""

from contextlib import nullcontext

import numpy as np
import pytest

import gpugrad as gg

SHAPES = [(), (3,), (1,), (2, 3), (2, 1), (1, 1)]


def points(seed):
    rng = np.random.default_rng(seed)
    return [
        rng.uniform(0.5, 1.5, SHAPES[k]).astype(d) for k, d in enumerate(["f8", "f4", "f8", "f8", "f4", "f8"])
    ]


def network(seed, leaves):
    """A number, by random operations on operands of several shapes and dtypes."""
    rng = np.random.default_rng(seed)
    values = list(leaves)
    for _ in range(30):
        a, b = (values[k] for k in rng.integers(0, len(values), 2))
        y = [
            lambda a, b: a + b,
            lambda a, b: a * b,
            lambda a, b: 1 - a / (2 + b * b),
            lambda a, b: gg.maximum(a, b),
            lambda a, b: gg.tanh(a) + gg.exp(-b),
            lambda a, b: gg.concatenate([a.reshape(-1), b.reshape(-1)])[:3] if a.size + b.size > 2 else a,
            lambda a, b: gg.stack([a, a * 0.5]).sum(0) - b.sum(),
            lambda a, b: gg.broadcast_to(a.mean(), (2, 3)) * b,
            lambda a, b: gg.broadcast_to(a, (2, 3)) @ gg.broadcast_to(b, (2, 3)).T,
            lambda a, b: gg.affine(
                gg.broadcast_to(a, (2, 3)), gg.broadcast_to(b, (2, 3)).T, b.sum() * np.ones(2)
            ),
            lambda a, b: (
                gg.layer_norm(gg.broadcast_to(a, (2, 3)) * [1.0, 2.0, 4.0], axis=0, eps=0.1) - b.mean()
            ),
        ][rng.integers(11)](*[x if x.shape != (2, 2) else x[0, 0] for x in (a, b)])
        values.append(gg.tanh(y))
    return sum(v.astype("f8").sum() for v in values[-6:])


def by_backward(seed, mode=nullcontext, hooks=False, **options):
    leaves = [gg.tensor(p, requires_grad=True) for p in points(seed)]
    if hooks:
        for leaf in leaves:
            leaf.register_hook(lambda g: g * 1)
    with mode():
        network(seed, leaves).backward(**options)
    return [
        p * 0 if leaf.grad is None else leaf.grad.numpy()
        for p, leaf in zip(points(seed), leaves, strict=True)
    ]


WAYS = {
    "anomaly": lambda seed: by_backward(seed, gg.detect_anomaly),
    "guarded": lambda seed: by_backward(seed, gg.guard_arrays),
    "enable_grad": lambda seed: by_backward(seed, gg.enable_grad),
    "recorded": lambda seed: by_backward(seed, create_graph=True),
    "retained": lambda seed: by_backward(seed, retain_graph=True),
    "hooked": lambda seed: by_backward(seed, hooks=True),
    "grad of arrays": lambda seed: gg.grad(lambda *xs: network(seed, xs), (0, 1, 2, 3, 4, 5))(*points(seed)),
    "vjp": lambda seed: gg.vjp(lambda *xs: network(seed, xs), *points(seed))[1](1.0),
}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("way", WAYS)
def test_the_same_gradients(way, seed):
    for p, g, other in zip(points(seed), by_backward(seed), WAYS[way](seed), strict=True):
        assert g.shape == p.shape
        assert g.dtype == p.dtype
        np.testing.assert_allclose(other, g, rtol=1e-12 if p.dtype == "f8" else 1e-5, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_forward_mode_is_the_transpose(seed):
    primals = points(seed)
    tangents = [np.sin(p) for p in primals]
    _, t = gg.jvp(lambda *xs: network(seed, xs), tuple(primals), tuple(tangents))
    expected = sum((g.astype("f8") * d).sum() for g, d in zip(by_backward(seed), tangents, strict=True))
    np.testing.assert_allclose(t, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_second_derivatives_by_three_ways(seed):
    primals = [p.astype("f8") for p in points(seed)]
    v = [np.cos(p) for p in primals]
    every = (0, 1, 2, 3, 4, 5)

    def f(*xs):
        return network(seed, xs)

    def slope(*xs):
        return sum((g * d).sum() for g, d in zip(gg.grad(f, every)(*xs), v, strict=True))

    forward_over_reverse = gg.jvp(lambda *xs: gg.grad(f, every)(*xs), tuple(primals), tuple(v))[1]
    reverse_over_reverse = gg.grad(slope, every)(*primals)
    reverse_over_forward = gg.grad(lambda *xs: gg.jvp(f, xs, tuple(v))[1], every)(*primals)
    for a, b, c in zip(forward_over_reverse, reverse_over_reverse, reverse_over_forward, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(a, c, rtol=1e-9, atol=1e-10)
