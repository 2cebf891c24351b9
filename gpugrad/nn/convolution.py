"""Layers of convolutional networks: images (n, channels, h, w) go in and come out."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from ..backend import default_device
from ..core import Tensor, tensor
from ..ops import conv2d, max_pool2d
from ..ops.spatial import pair
from .layers import Seed
from .module import Module

Numbers: TypeAlias = "int | tuple[int, int]"


class Conv2d(Module):
    """:func:`gpugrad.conv2d` with a ``weight`` of shape (outputs, channels / groups, kh, kw).

    The weight starts with normal numbers of variance 2 / (channels / groups * kh * kw), which keeps the scale
    of what passes through a ReLU (He et al. 2015), the bias at 0. seed: as for :class:`Linear`.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        kernel_size: Numbers,
        *,
        stride: Numbers = 1,
        padding: Numbers | Literal["same", "valid"] = 0,
        dilation: Numbers = 1,
        groups: int = 1,
        bias: bool = True,
        seed: Seed = None,
        dtype: Any = np.float32,
        device: Any = None,
    ) -> None:
        if min(channels, outputs, groups) < 1 or channels % groups or outputs % groups:
            raise ValueError(
                "a Conv2d layer needs a channel and an output at least, and groups that divide both, got "
                f"{channels}, {outputs} and groups={groups}"
            )
        shape = (outputs, channels // groups, *pair(kernel_size, 1, "Conv2d: kernel_size"))
        weight = np.random.default_rng(seed).normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        device = device or default_device()
        self.weight = tensor(weight, dtype=dtype, device=device, requires_grad=True)
        if bias:
            self.bias = tensor(np.zeros(outputs), dtype=dtype, device=device, requires_grad=True)
        self.how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight, getattr(self, "bias", None), **self.how)


class MaxPool2d(Module):
    """:func:`gpugrad.max_pool2d`: the largest element of each window; windows are their own size apart."""

    def __init__(self, kernel_size: Numbers, *, stride: Numbers | None = None, padding: Numbers = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        return max_pool2d(x, self.kernel_size, stride=self.stride, padding=self.padding)


class Flatten(Module):
    """All axes but the first as one, for a Linear layer after images."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape((x.shape[0], int(np.prod(x.shape[1:]))))
