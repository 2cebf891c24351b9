"""A transformer block: attention, then an MLP four times as wide with gelu, each after a norm and added to x.

A step gives the value and, for a given cotangent of it, the gradients of x and all twelve parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Case, Setting
from ..formulas import ITEMSIZE, dtypes, multiply_stacks, named
from ..steps import pulled
from ..transformer_by_hand import backward, forward

TITLE = "a transformer block, forward and backward"


def cases(device: str) -> list[Case]:
    sizes = (32, 1024, 1024, 16) if device == "cuda" else (8, 128, 256, 4)
    return [_case(*sizes, dtype) for dtype in dtypes(device)]


def _case(batch: int, length: int, width: int, heads: int, dtype: str) -> Case:
    tokens, weights = batch * length, 12 * width**2
    # Three products for each weight, and three for each of the two of attention. x, the cotangent and the
    # weights are read; the value and all gradients are written.
    return Case(
        named(f"block-{batch}x{length}x{width}", dtype),
        {"shape": (batch, length, width), "heads": heads},
        dtype,
        flops=6 * tokens * weights + 12 * tokens * length * width,
        bytes=(4 * tokens * width + 2 * weights) * ITEMSIZE[dtype],
        memory=True,
    )


def inputs(s: Setting) -> tuple[list[np.ndarray], np.ndarray]:
    """x and the parameters in the order of use, and the cotangent; weights are of shape (inputs, outputs)."""
    rng, shape = np.random.default_rng(0), s["shape"]
    d = shape[-1]

    def normal(m, n):
        return rng.standard_normal((m, n), "float32") / m**0.5

    found = [rng.standard_normal(shape, "float32")]
    found += [np.ones(d), np.zeros(d), normal(d, 3 * d), np.zeros(3 * d), normal(d, d), np.zeros(d)]
    found += [np.ones(d), np.zeros(d), normal(d, 4 * d), np.zeros(4 * d), normal(4 * d, d), np.zeros(d)]
    return found, rng.standard_normal(shape, "float32")


def gpugrad(s: Setting):
    import gpugrad as gg

    leaves, g, (batch, length, width), heads = *_arrays(s), s["shape"], s["heads"]

    def block(x, scale1, shift1, wqkv, bqkv, wo, bo, scale2, shift2, wu, bu, wd, bd):
        h = gg.layer_norm(x, scale1, shift1)
        qkv = gg.affine(h, wqkv, bqkv).reshape(batch, length, 3, heads, -1).transpose(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        a = gg.softmax(q @ k.mT * (width // heads) ** -0.5) @ v
        y = x + gg.affine(a.transpose(0, 2, 1, 3).reshape(x.shape), wo, bo)
        h = gg.layer_norm(y, scale2, shift2)
        return y + gg.affine(gg.gelu(gg.affine(h, wu, bu)), wd, bd)

    return pulled(block, leaves, g)


def torch(s: Setting):
    import torch.nn.functional as F

    leaves, g, (batch, length, width), heads = *_arrays(s), s["shape"], s["heads"]

    @s.compile
    def block(x, scale1, shift1, wqkv, bqkv, wo, bo, scale2, shift2, wu, bu, wd, bd):
        h = F.layer_norm(x, (width,), scale1, shift1)
        qkv = F.linear(h, wqkv.T, bqkv).view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(*qkv)
        y = x + F.linear(a.transpose(1, 2).reshape(x.shape), wo.T, bo)
        h = F.layer_norm(y, (width,), scale2, shift2)
        return y + F.linear(F.gelu(F.linear(h, wu.T, bu)), wd.T, bd)

    return pulled(block, leaves, g)


def _arrays(s: Setting) -> tuple[list[Any], Any]:
    leaves, g = inputs(s)
    return [s.parameter(v) for v in leaves], s.array(g)


def jax(s: Setting):
    import jax
    import jax.numpy as jnp

    leaves, g = inputs(s)
    (batch, length, _), heads = s["shape"], s["heads"]

    def layer_norm(x, scale, shift):
        d = x - x.mean(-1, keepdims=True)
        return d * jax.lax.rsqrt((d * d).mean(-1, keepdims=True) + 1e-5) * scale + shift

    def block(x, scale1, shift1, wqkv, bqkv, wo, bo, scale2, shift2, wu, bu, wd, bd):
        h = layer_norm(x, scale1, shift1)
        q, k, v = jnp.moveaxis((h @ wqkv + bqkv).reshape(batch, length, 3, heads, -1), 2, 0)
        a = jax.nn.dot_product_attention(q, k, v)
        y = x + (a.reshape(x.shape) @ wo + bo)
        h = layer_norm(y, scale2, shift2)
        return y + (jax.nn.gelu(h @ wu + bu, approximate=False) @ wd + bd)

    @s.compile
    def both(leaves, g):
        y, pull = jax.vjp(block, *leaves)
        return [y, *pull(g)]

    given = [s.array(v) for v in leaves], s.array(g)
    return lambda: both(*given)


def autograd(s: Setting):
    import autograd.numpy as anp
    from autograd import make_vjp
    from autograd.scipy.special import erf

    leaves, g = inputs(s)
    (batch, length, width), heads = s["shape"], s["heads"]

    def layer_norm(x, scale, shift):
        d = x - anp.mean(x, axis=-1, keepdims=True)
        return d / anp.sqrt(anp.mean(d * d, axis=-1, keepdims=True) + 1e-5) * scale + shift

    def block(leaves):
        x, scale1, shift1, wqkv, bqkv, wo, bo, scale2, shift2, wu, bu, wd, bd = leaves
        h = layer_norm(x, scale1, shift1)
        parts = anp.reshape(h @ wqkv + bqkv, (batch, length, 3, heads, -1))
        q, k, v = (anp.swapaxes(parts[:, :, i], 1, 2) for i in range(3))
        e = q @ anp.swapaxes(k, 2, 3) * (width // heads) ** -0.5
        e = anp.exp(e - anp.max(e, axis=-1, keepdims=True))
        a = e / anp.sum(e, axis=-1, keepdims=True) @ v
        y = x + (anp.reshape(anp.swapaxes(a, 1, 2), x.shape) @ wo + bo)
        u = layer_norm(y, scale2, shift2) @ wu + bu
        return y + (u * (0.5 * (1 + erf(u * 0.5**0.5))) @ wd + bd)

    both, given, g = make_vjp(block), [s.array(v) for v in leaves], s.array(g)

    def step() -> list[Any]:
        pull, y = both(given)
        return [y, *pull(g)]

    return step


def by_hand(s: Setting):
    multiply_stacks(s)
    leaves, g = inputs(s)
    leaves, g = [s.array(v) for v in leaves], s.array(g)

    def step() -> list[Any]:
        y, kept = forward(s.xp, s["heads"], *leaves)
        return [y, *backward(s.xp, g, *kept)]

    return step
