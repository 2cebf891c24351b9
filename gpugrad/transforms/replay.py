"""Random numbers drawn a second time: the states of generators, kept and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CellType
from typing import Any

import numpy as np
import optree


class RandomStates:
    """The states of the NumPy Generators among the leaves of ``tree``, and of NumPy's global generator."""

    def __init__(self, tree: Any) -> None:
        sources = {id(g): g for g in optree.tree_leaves(tree) if isinstance(g, np.random.Generator)}
        self.generators = list(sources.values())
        self.states = [g.bit_generator.state for g in self.generators]
        self.shared = np.random.get_state()

    @contextmanager
    def again(self) -> Iterator[None]:
        """A block in which the generators give the numbers that they gave after this was made."""
        now = RandomStates(self.generators)
        self._set()
        try:
            yield
        finally:
            now._set()

    def _set(self) -> None:
        for generator, state in zip(self.generators, self.states, strict=True):
            generator.bit_generator.state = state
        np.random.set_state(self.shared)


def closed_over(f: Callable) -> list[Any]:
    """The Generators that ``f`` closes over."""
    cells = [cell for cell in getattr(f, "__closure__", None) or () if cell != _EMPTY]
    return [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, np.random.Generator)]


_EMPTY = CellType()  # of a variable that has no value yet
