"""Arguments of functions with rules of their own: by position, and the differentiable apart from the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from operator import index
from typing import Any

from .inputs import name_of, needs_grad
from .operands import tensors_of


def by_position(f: Callable, args: tuple, kwargs: dict) -> tuple:
    """Keyword arguments in their places. Raises TypeError for those that have none."""
    if not kwargs:
        return args
    bound = signature(f).bind(*args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(
            f"{name_of(f)} has a rule of its own, which takes arguments by position; it was called with the "
            f"keyword-only {', '.join(bound.kwargs)}"
        )
    return bound.args


class Split:
    """Which arguments are differentiable; made once for a function, with its ``nondiff_argnums``."""

    def __init__(self, f: Callable, nondiff_argnums: int | Sequence[int]) -> None:
        numbers = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else nondiff_argnums
        self.name, self.nondiff = name_of(f), tuple(sorted(map(index, numbers)))
        if any(k < 0 for k in self.nondiff):
            raise ValueError(f"nondiff_argnums of {self.name} count from 0, got {nondiff_argnums}")

    def apart(self, args: tuple) -> tuple[tuple, tuple]:
        """``(nondifferentiable, differentiable)`` arguments."""
        if self.nondiff and self.nondiff[-1] >= len(args):
            raise ValueError(
                f"nondiff_argnums={self.nondiff} of {self.name}, which was called with {len(args)} arguments"
            )
        fixed = tuple(args[k] for k in self.nondiff)
        if needs_grad(tensors_of(fixed)):
            raise TypeError(
                f"an argument of {self.name} requires grad and is among its nondiff_argnums={self.nondiff}; "
                "take it out of them, or pass it by gpugrad.stop_gradient"
            )
        return fixed, tuple(x for k, x in enumerate(args) if k not in self.nondiff)

    def together(self, fixed: tuple, differentiable: Sequence[Any]) -> list[Any]:
        """All arguments in their order."""
        args = list(differentiable)
        for k, x in zip(self.nondiff, fixed, strict=True):
            args.insert(k, x)
        return args
