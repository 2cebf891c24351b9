"""The Tensors among the arguments of a function, taken out of their pytree and put back as others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import optree

from ..backend.arrays import namespace
from ..core import Tensor, is_grad_enabled, make
from ..core.joint import Parts


class Operands:
    """A pytree less its Tensors, which can be filled in again; it holds no array of theirs and no graph."""

    def __init__(self, tree: Any) -> None:
        leaves, self.spec = optree.tree_flatten(tree, none_is_leaf=True)
        self.places = [k for k, leaf in enumerate(leaves) if type(leaf) is Tensor]
        self.constants = [None if type(leaf) is Tensor else leaf for leaf in leaves]

    def filled(self, tensors: Sequence[Tensor]) -> Any:
        """The pytree with these Tensors in place of the original ones."""
        leaves = list(self.constants)
        for k, t in zip(self.places, tensors, strict=True):
            leaves[k] = t
        return optree.tree_unflatten(self.spec, leaves)


def tensors_of(tree: Any) -> list[Tensor]:
    """The Tensors of a pytree, in the order of ``Operands.places``."""
    return [leaf for leaf in optree.tree_leaves(tree, none_is_leaf=True) if type(leaf) is Tensor]


def recording(tensors: Sequence[Tensor]) -> bool:
    """Whether a call on ``tensors`` has to be recorded."""
    return is_grad_enabled() and any(t.node is not None for t in tensors)


def connected(arrays: Sequence[Any], call: Any) -> list[Tensor]:
    """The kept ``arrays`` of the first operands as Tensors, with their nodes if the sweep is recorded."""
    parents = (None,) * len(arrays) if call is None else call.parent.parents
    return [make(array, node) for array, node in zip(arrays, parents, strict=False)]


def zeros(cotangents: Parts, arrays: Sequence[Any], box: Callable | None) -> Parts:
    """``cotangents`` with zeros for those of the operands with these ``arrays`` that are missing."""
    for i, array in enumerate(arrays):
        if i not in cotangents:
            zero = namespace(array).zeros_like(array)
            cotangents[i] = box(zero) if box else zero
    return cotangents
