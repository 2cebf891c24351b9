"""Layers that normalise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import default_device
from ..core import Tensor, tensor
from ..ops import layer_norm
from .module import Module


class LayerNorm(Module):
    """``layer_norm`` over the last axes, of the lengths ``sizes``, with a ``weight`` and a ``bias``.

    The weight starts at 1, the bias at 0; with ``affine=False`` there is neither (Ba, Kiros and Hinton 2016).
    """

    def __init__(
        self,
        sizes: int | Sequence[int],
        *,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: Any = np.float32,
        device: Any = None,
    ) -> None:
        self.sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
        if not self.sizes or min(self.sizes) < 1:
            raise ValueError(f"a LayerNorm layer needs the lengths of its axes, at least 1 each, got {sizes}")
        self.eps = eps
        device = device or default_device()
        self.weight = self.bias = None
        if affine:
            self.weight = tensor(np.ones(self.sizes), dtype=dtype, device=device, requires_grad=True)
            self.bias = tensor(np.zeros(self.sizes), dtype=dtype, device=device, requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-len(self.sizes) :] != self.sizes:
            raise ValueError(f"LayerNorm of the last axes {self.sizes} got an input of shape {x.shape}")
        axes = tuple(range(-len(self.sizes), 0))
        return layer_norm(x, self.weight, self.bias, axis=axes, eps=self.eps)
