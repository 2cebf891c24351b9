"""Matrix products of the sizes that the MLP and the transformer block need: value and both gradients."""

from __future__ import annotations

from typing import Any

from ..case import Case, Setting
from ..formulas import ITEMSIZE, dtypes, multiply_stacks, named
from ..steps import pulled

TITLE = "matrix product a @ b and its two gradients"
# (batch, m, k, n): products of (m, k) and (k, n), so many of them at once; batch 0 stands for plain matrices.
CPU = {
    "mlp": [(0, 128, 784, 512), (0, 1024, 784, 512)],
    "block": [(0, 1024, 256, 768), (0, 1024, 1024, 256)],
    "attention": [(32, 128, 64, 128), (32, 128, 128, 64)],
}
CUDA = {
    "mlp": [(0, 128, 784, 512), (0, 1024, 784, 512), (0, 8192, 784, 512)],
    "block": [(0, 32768, 1024, 3072), (0, 32768, 4096, 1024)],
    "attention": [(512, 1024, 64, 1024), (512, 1024, 1024, 64)],
}


def cases(device: str) -> list[Case]:
    return [
        _case(name, shape, dtype, quick=shape == shapes[-1])
        for dtype in dtypes(device)
        for name, shapes in (CUDA if device == "cuda" else CPU).items()
        for shape in shapes
    ]


def _case(name: str, shape: tuple[int, ...], dtype: str, quick: bool) -> Case:
    batch, m, k, n = max(1, shape[0]), *shape[1:]
    # Three products of 2 m k n operations; a, b and the cotangent are read, three results are written.
    return Case(
        named(f"{name}-{'x'.join(str(d) for d in shape if d)}", dtype),
        {"shape": shape},
        dtype,
        flops=6 * batch * m * k * n,
        bytes=2 * batch * (m * k + k * n + m * n) * ITEMSIZE[dtype],
        quick=quick,
    )


def inputs(s: Setting) -> list[Any]:
    """a, b and the cotangent of ``a @ b``."""
    batch, m, k, n = s["shape"]
    lead = (batch,) if batch else ()
    a, b, g = (s.normal((*lead, *shape), i) for i, shape in enumerate(((m, k), (k, n), (m, n))))
    return [a / k**0.5, b, g / max(m, n) ** 0.5]


def gpugrad(s: Setting):
    a, b, g = inputs(s)
    return pulled(lambda a, b: a @ b, [s.parameter(a), s.parameter(b)], g)


def torch(s: Setting):
    a, b, g = inputs(s)
    return pulled(s.compile(lambda a, b: a @ b), [s.parameter(a), s.parameter(b)], g)


def jax(s: Setting):
    import jax

    @s.compile
    def both(a, b, g):
        y, pull = jax.vjp(lambda a, b: a @ b, a, b)
        return [y, *pull(g)]

    given = inputs(s)
    return lambda: both(*given)


def by_hand(s: Setting):
    if s["shape"][0]:
        multiply_stacks(s)
    a, b, g = inputs(s)
    return lambda: [a @ b, g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g]
