"""What the optimisers share: parameters, the arrays kept for each, and how they are saved."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..backend import asarray, device_of
from ..core import Tensor, written
from ..nn.state import State, check_state, to_host


class Optimizer:
    """Base of the optimisers.

    A subclass names in ``slots`` the arrays kept for every parameter, and writes ``update``, which changes
    the parameter and those arrays in place. ``lr`` may be set anew between steps.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Tensor], *, lr: float) -> None:
        self.parameters = list(parameters)
        self.lr = not_negative("lr", lr)
        for p in self.parameters:
            if not isinstance(p, Tensor) or not p.is_leaf or not p.requires_grad:
                raise TypeError("an optimiser takes leaf tensors made with requires_grad=True")
            if p.dtype.kind == "c" and self.slots:
                raise TypeError(f"{type(self).__name__} takes real parameters, got dtype {p.dtype}")
        if not self.parameters:
            raise ValueError("an optimiser needs parameters, got none")
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError("a parameter was given to the optimiser twice")
        self.steps = [0] * len(self.parameters)
        self.kept = [[_zeros(p) for _ in self.slots] for p in self.parameters]

    def update(self, p: Any, g: Any, *kept: Any, step: int) -> None:
        """Change the array ``p`` and those kept for it in place; ``step`` counts from 1."""
        raise NotImplementedError

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        for i, p in enumerate(self.parameters):
            gradient = p.grad
            if gradient is not None:
                self.steps[i] = step = self.steps[i] + 1
                arrays = (p.data, gradient.data, *self.kept[i])
                self.update(*arrays, step=step)
                written(p.data, self.update, *arrays, also=self.kept[i], step=step)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            p.grad = None

    def state_dict(self) -> State:
        """The step counts as ``step``, and the array ``m`` kept for parameter 3 as ``m.3``; no settings."""
        return {"step": np.array(self.steps, dtype=np.int64)} | {
            name: to_host(array) for name, array in self._named_arrays().items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a ``state_dict``; a ValueError changes nothing."""
        arrays = self._named_arrays()
        check_state({"step": np.array(self.steps), **arrays}, state, type(self).__name__)
        self.steps = [int(step) for step in state["step"]]
        for name, array in arrays.items():
            array[...] = asarray(state[name], dtype=array.dtype, device=device_of(array))

    def _named_arrays(self) -> dict[str, Any]:
        return {
            f"{slot}.{i}": array
            for i, arrays in enumerate(self.kept)
            for slot, array in zip(self.slots, arrays, strict=True)
        }


def _zeros(p: Tensor) -> Any:
    """Zeros in the shape of ``p``; those for a half type are float32, in which a small square is not 0."""
    half = p.dtype.itemsize == 2
    return asarray(np.zeros(p.shape, np.float32 if half else p.dtype), device=p.device)


def not_negative(name: str, value: float) -> float:
    """``value``, checked."""
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, got {value}")
    return value


def fraction(name: str, value: float) -> float:
    """``value``, checked."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
    return value
