"""What a forward rule saved for its backward rule, kept without a graph and connected again when needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import Tensor, make
from ..core.joint import item

OPERAND, RESULT, OTHER = "operand", "result", "other"


class Residuals:
    """Saved leaves: Tensors as arrays and where they came from, everything else as it is.

    In a recorded sweep an operand is connected to the node that it came from, and a result to the call.
    """

    def __init__(
        self,
        leaves: Sequence[Any],
        operands: Sequence[Tensor],
        results: Sequence[Tensor],
        constants: Sequence[Tensor] = (),
    ) -> None:
        origins = {id(y): (RESULT, k) for k, y in enumerate(results)}
        origins |= {id(x): (OPERAND, i) for i, x in enumerate(operands)}
        self.origins = [origins.get(id(leaf), (OTHER, 0)) for leaf in leaves]
        self.tensors = [type(leaf) is Tensor for leaf in leaves]
        self.constants = [None if type(leaf) is Tensor else leaf for leaf in leaves]
        self.arrays = tuple(leaf.data for leaf in leaves if type(leaf) is Tensor)
        given = {id(x) for x in constants}
        self.intermediate = [
            k
            for k, leaf in enumerate(leaves)
            if type(leaf) is Tensor
            and self.origins[k][0] is OTHER
            and leaf.dtype.kind in "fcV"
            and id(leaf) not in given
        ]

    def connected(self, arrays: Sequence[Any], node: Any) -> list[Any]:
        """The leaves again; ``node`` is that of the call in a recorded sweep, else ``None``."""
        out = list(self.constants)
        places = [k for k, is_tensor in enumerate(self.tensors) if is_tensor]
        for k, array in zip(places, arrays, strict=True):
            kind, i = self.origins[k]
            if node is None or kind is OTHER:
                origin = None
            else:
                origin = item(node, i) if kind is RESULT else node.parent.parents[i]
            out[k] = make(array, origin)
        return out
