"""Layers, and a network made of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np

from ..backend import default_device
from ..core import Tensor, tensor
from ..ops import affine, relu, tanh
from .module import Module

Seed: TypeAlias = "int | np.random.Generator | None"


class Linear(Module):
    """``x @ weight + bias``, with ``weight`` of shape (inputs, outputs).

    init: ``"he"`` draws normal numbers of variance 2 / inputs, which keeps the scale of what passes through
    a ReLU (He et al. 2015); ``"glorot"`` uniform ones of variance 2 / (inputs + outputs), for tanh and for
    the last layer (Glorot and Bengio 2010). The bias starts at 0.
    seed: a number, or a Generator to go on drawing from. Numbers are drawn on the host, so that a seed
    means the same weights on every device.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        init: Literal["he", "glorot"] = "he",
        bias: bool = True,
        seed: Seed = None,
        dtype: Any = np.float32,
        device: Any = None,
    ) -> None:
        if inputs < 1 or outputs < 1:
            raise ValueError(f"a Linear layer needs an input and an output at least, got {inputs}, {outputs}")
        weight = _INITS[init](np.random.default_rng(seed), inputs, outputs)
        device = device or default_device()
        self.weight = tensor(weight, dtype=dtype, device=device, requires_grad=True)
        if bias:
            self.bias = tensor(np.zeros(outputs), dtype=dtype, device=device, requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        return affine(x, self.weight, getattr(self, "bias", None))


def _he(rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    return rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs))


def _glorot(rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    limit = np.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs))


_INITS = {"he": _he, "glorot": _glorot}


class ReLU(Module):
    """``max(x, 0)``."""

    def forward(self, x: Tensor) -> Tensor:
        return relu(x)


class Tanh(Module):
    """Hyperbolic tangent."""

    def forward(self, x: Tensor) -> Tensor:
        return tanh(x)


class Sequential(Module):
    """Modules one after another."""

    def __init__(self, *layers: Module) -> None:
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MLP(Sequential):
    """A network of Linear layers with ``activation`` between them; ``sizes`` goes from inputs to outputs.

    Layers before a ReLU start with He's numbers, all others with Glorot's.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: type[Module] = ReLU,
        seed: Seed = None,
        dtype: Any = np.float32,
        device: Any = None,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"sizes must name the inputs and the outputs at least, got {sizes}")
        rng = np.random.default_rng(seed)
        layers: list[Module] = []
        for inputs, outputs in pairwise(sizes[:-1]):
            init = "he" if activation is ReLU else "glorot"
            layers += [Linear(inputs, outputs, init=init, seed=rng, dtype=dtype, device=device), activation()]
        layers.append(Linear(*sizes[-2:], init="glorot", seed=rng, dtype=dtype, device=device))
        super().__init__(*layers)
