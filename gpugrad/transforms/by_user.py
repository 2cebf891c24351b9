"""What calls with a rule of the user's have in common: what they keep, and what their rules are asked for.

The user's rules speak as the public face does: they get and give Tensors, and complex gradients point
uphill. A backward rule is linear in its cotangent, so forward mode is the gradient of it, contracted with the
tangents, with respect to the cotangent; in the same way a forward rule gives reverse mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..backend.arrays import namespace
from ..backend.dispatch import one_array
from ..core import Tensor, make, outward, sweep
from ..core.fit import fit
from ..core.joint import Joint, Parts, item, record_joint
from ..core.modes import closed, recorded
from ..core.trace import fork
from .below import has_graph
from .inputs import as_tensor

Fit = tuple[tuple[int, ...], Any]


class Call:
    """What one call saved for its rules, besides arrays."""

    materialize = True  # a cotangent that is zero is given as zeros, not as ``None``

    results: list[Fit]

    def __init__(self, name: str, operands: Sequence[Tensor]) -> None:
        self.name = name
        self.needed = [t.node is not None for t in operands]
        self.operands: list[Fit] = [(t.shape, t.dtype) for t in operands]

    def returns(self, results: Sequence[Tensor]) -> None:
        """Note what came of it."""
        if any(y.node is not None for y in results):
            refuse(self.name, "its result")
        self.results = [(y.shape, y.dtype) for y in results]

    def gradients(self, cotangents: list[Any], arrays: tuple, node: Any) -> list[Any]:
        """What the user's backward rule gives for each operand; ``None`` for zero."""
        raise NotImplementedError

    def tangents(self, tangents: list[Tensor], arrays: tuple, node: Any) -> list[Any]:
        """What the user's forward rule gives for each result; ``None`` for zero."""
        raise NotImplementedError


def recorded_call(
    joint: Joint, saved: Call, operands: Sequence[Tensor], results: Sequence[Tensor], arrays: tuple
) -> list[Tensor]:
    """The results of a call behind its node; those that are whole numbers have no gradient."""
    node = record_joint(joint, [t.node for t in operands], saved, arrays)
    return [make(y.data, item(node, k) if y.dtype.kind in "fcV" else None) for k, y in enumerate(results)]


def closed_for(name: str, operands: Sequence[Tensor]) -> AbstractContextManager:
    """A block for a function whose rule gives gradients to its arguments alone.

    A graph beneath a batch is not the rule's matter: it is recorded there, operation by operation.
    """
    if any(has_graph(make(t.data)) for t in operands):
        return recorded()
    return closed(lambda operation: refuse(name, operation))


def refuse(name: str, where: str) -> None:
    """Say that a function with a rule of its own has used what its rule cannot know of."""
    raise TypeError(
        f"{name} uses a tensor that requires grad and is not among its arguments (in {where}); its own rule "
        "gives gradients to arguments only, so this one would be lost: pass the tensor as an argument, or "
        "take it by gpugrad.stop_gradient"
    )


# ---- the two kinds of rule ----


class BackwardRule(Joint):
    """A call whose rule is ``gradients``."""

    def pull(self, g: Parts, saved: Call, arrays: tuple, node: Any) -> Parts:
        cotangents = _tensors(g, saved.results)
        if not saved.materialize:
            cotangents = [x if k in g else None for k, x in enumerate(cotangents)]
        with recorded() if node else nullcontext():
            found = _gradients(saved, cotangents, arrays, node)
        return _filled(found, saved.operands, g, node)

    def push(self, t: Parts, saved: Call, arrays: tuple, node: Any) -> Parts:
        variables = [fork(y) for y in _ones(t, saved.results)]
        with recorded():
            found = _gradients(saved, variables, arrays, node)
        return _transposed(found, t, variables, node, f"the backward rule of {saved.name}", "cotangent")


class ForwardRule(Joint):
    """A call whose rule is ``tangents``."""

    def push(self, t: Parts, saved: Call, arrays: tuple, node: Any) -> Parts:
        with recorded() if node else nullcontext():
            found = _tangents(saved, _tensors(t, saved.operands), arrays, node)
        return Parts({k: y if node else y.data for k, y in found.items()})

    def pull(self, g: Parts, saved: Call, arrays: tuple, node: Any) -> Parts:
        variables = [fork(x) if n else x for x, n in zip(_ones(g, saved.operands), saved.needed, strict=True)]
        with recorded():
            found = _tangents(saved, variables, arrays, node)
        parts = _transposed(found, g, variables, node, f"the forward rule of {saved.name}", "tangents")
        return _filled({i: as_tensor(h) for i, h in parts.items()}, saved.operands, g, node)


def _gradients(saved: Call, cotangents: list[Any], arrays: tuple, node: Any) -> dict[int, Tensor]:
    found = saved.gradients([None if g is None else outward(g) for g in cotangents], arrays, node)
    return {
        i: outward(_fitting(h, saved.operands[i], f"the backward rule of {saved.name} gave a gradient", i))
        for i, h in enumerate(found)
        if h is not None
    }


def _tangents(saved: Call, tangents: list[Tensor], arrays: tuple, node: Any) -> dict[int, Tensor]:
    found = saved.tangents(tangents, arrays, node)
    return {
        k: _fitting(t, saved.results[k], f"the forward rule of {saved.name} gave a tangent", k)
        for k, t in enumerate(found)
        if t is not None
    }


def _fitting(given: Any, expected: Fit, what: str, place: int) -> Tensor:
    try:
        h = as_tensor(given)
    except (TypeError, ValueError):
        raise TypeError(
            f"{what} number {place} that is {type(given).__name__}; return arrays, Tensors or None"
        ) from None
    if h.shape != expected[0]:
        raise ValueError(f"{what} number {place} of shape {h.shape}; it has to have shape {expected[0]}")
    return fit(h, *expected)


def _transposed(
    found: dict[int, Tensor], given: Parts, variables: list[Tensor], node: Any, rule: str, of: str
) -> Parts:
    """The transpose of the linear map from ``variables`` to ``found``, applied to ``given``."""
    box = make if node else None
    seeds: dict[Any, Any] = {}
    ends = {x.node: i for i, x in enumerate(variables) if x.node}
    oldest = max((end.key for end in ends), default=0)
    for i, h in found.items():
        if i not in given:
            continue
        if h.node is not None and h.node.key <= oldest:
            seeds[h.node] = seeds[h.node] + given[i] if h.node in seeds else given[i]
        elif (h.data != 0).any():
            raise TypeError(
                f"{rule} has to be made of gpugrad's operations on the {of} to be transposed, which the "
                f"other direction of differentiation needs; what it gave does not depend on the {of}"
            )
    cotangents = sweep(seeds, set(ends), retain_graph=box is not None, box=box)
    return Parts({ends[end]: h for end, h in cotangents.items()})


# ---- parts and Tensors ----


def _tensors(parts: Parts, fits: Sequence[Fit]) -> list[Tensor]:
    """A Tensor for every place, zero where there is none."""
    out = []
    for i, (shape, dtype) in enumerate(fits):
        t = parts.get(i)
        t = _constant(parts, shape, dtype, 0) if t is None else t
        out.append(t if type(t) is Tensor else make(one_array(t, type(t))))
    return out


def _ones(parts: Parts, fits: Sequence[Fit]) -> list[Tensor]:
    # Not zeros: what comes of ones tells a rule that is zero from one that loses its argument.
    return [make(_constant(parts, shape, dtype, 1)) for shape, dtype in fits]


def _filled(found: dict[int, Tensor], fits: Sequence[Fit], like: Parts, node: Any) -> Parts:
    """What was found, as the sweep wants it, and zeros for the rest."""
    out = Parts()
    for i, (shape, dtype) in enumerate(fits):
        h = found.get(i)
        h = make(_constant(like, shape, dtype, 0)) if h is None else h
        out[i] = h if node else h.data
    return out


def _constant(like: Parts, shape: tuple[int, ...], dtype: Any, value: int) -> Any:
    """An array of the library that the parts are of."""
    x = next(iter(like.values()))
    return namespace(x.data if type(x) is Tensor else x).full(shape, value, dtype)
