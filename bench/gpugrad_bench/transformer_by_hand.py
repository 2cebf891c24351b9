"""The transformer block and its gradients by hand, for NumPy and CuPy."""

from __future__ import annotations

from typing import Any

from .activations import gelu_grad_of_cdf, normal_cdf
from .formulas import layer_norm, layer_norm_grad, softmax, softmax_grad


def forward(xp: Any, heads: int, x: Any, *parameters: Any) -> tuple[Any, tuple]:
    """The value, and what `backward` needs; x is of shape (batch, length, width)."""
    scale1, shift1, wqkv, bqkv, wo, bo, scale2, shift2, wu, bu, wd, bd = parameters
    shape = (*x.shape[:2], 3, heads, x.shape[2] // heads)
    h1, normal1, root1 = layer_norm(xp, x, scale1, shift1)
    q, k, v = (h1 @ wqkv + bqkv).reshape(shape).transpose(2, 0, 3, 1, 4)
    p = softmax(xp, q @ k.swapaxes(2, 3) * shape[-1] ** -0.5)
    a = (p @ v).transpose(0, 2, 1, 3).reshape(x.shape)
    y = x + (a @ wo + bo)
    h2, normal2, root2 = layer_norm(xp, y, scale2, shift2)
    u = h2 @ wu + bu
    cdf = normal_cdf(xp, u)
    m = u * cdf
    attention = (h1, normal1, root1, q, k, v, p, a)
    return y + (m @ wd + bd), (parameters, attention, (h2, normal2, root2, u, cdf, m))


def backward(xp: Any, g: Any, parameters: tuple, attention: tuple, mlp: tuple) -> list[Any]:
    """The gradients of x and the parameters, in the order of `forward`."""
    scale1, _, wqkv, _, wo, _, scale2, _, wu, _, wd, _ = parameters
    h2, normal2, root2, u, cdf, m = mlp
    gm, gwd, gbd = _dense_grad(g, m, wd)
    gh, gwu, gbu = _dense_grad(gelu_grad_of_cdf(xp, gm, u, cdf), h2, wu)
    gy, gscale2, gshift2 = layer_norm_grad(gh, scale2, normal2, root2)
    gy += g

    h1, normal1, root1, q, k, v, p, a = attention
    ga, gwo, gbo = _dense_grad(gy, a, wo)
    batch, heads, length, width = q.shape
    ga = ga.reshape(batch, length, heads, width).transpose(0, 2, 1, 3)
    gs = softmax_grad(ga @ v.swapaxes(2, 3), p)
    gs *= width**-0.5
    gqkv = xp.empty((batch, length, 3, heads, width), q.dtype)
    for i, part in enumerate((gs @ k, gs.swapaxes(2, 3) @ q, p.swapaxes(2, 3) @ ga)):
        gqkv[:, :, i] = part.transpose(0, 2, 1, 3)
    gh, gwqkv, gbqkv = _dense_grad(gqkv.reshape(batch, length, -1), h1, wqkv)
    gx, gscale1, gshift1 = layer_norm_grad(gh, scale1, normal1, root1)
    gx += gy
    first = [gx, gscale1, gshift1, gwqkv, gbqkv, gwo, gbo]
    return [*first, gscale2, gshift2, gwu, gbu, gwd, gbd]


def _dense_grad(g: Any, x: Any, w: Any) -> tuple[Any, Any, Any]:
    """Of x, w and b where the value is ``x @ w + b``."""
    rows, above = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
    return g @ w.T, rows.T @ above, above.sum(0)
