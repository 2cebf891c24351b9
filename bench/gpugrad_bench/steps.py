"""The steps of libraries whose arrays collect their gradients: gpugrad and PyTorch alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def pulled(f: Callable, leaves: Sequence[Any], cotangent: Any = None) -> Callable[[], list[Any]]:
    """The value of ``f`` at the leaves, and their gradients for this cotangent of it (none for a number)."""

    def step() -> list[Any]:
        y = f(*leaves)
        y.backward(cotangent)
        found = [y, *(leaf.grad for leaf in leaves)]
        for leaf in leaves:
            leaf.grad = None
        return found

    return step


def trained(
    evaluate: Callable[[], Any], parameters: Sequence[Any], optimizer: Any
) -> Callable[[], list[Any]]:
    """The loss and the gradients of the parameters, which the optimiser moves."""

    def step() -> list[Any]:
        loss = evaluate()
        loss.backward()
        optimizer.step()
        found = [p.grad for p in parameters]
        optimizer.zero_grad()
        return [loss, *found]

    return step
