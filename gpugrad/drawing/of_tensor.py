"""The boxes of a Tensor: the graph behind it, with the values that its nodes kept for their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..backend.arrays import is_array
from ..core import Tensor
from ..core.node import FREED, Leaf, kept_for
from ..core.trace import identity
from ..transforms.make_graph import public_name
from .boxes import CONSTANT, INPUT, OUTPUT, Box, describe, note_of, operation, shortened
from .numbers import elements, gradient_lines, number, value_lines

_UNKNOWN = "c"
"""Stands for a constant operand that no rule reads, which a graph does not keep."""


def tensor_boxes(
    t: Tensor, nodes: list[Any], named: Mapping[str, Tensor], gradients: Mapping[Any, Any], digits: int
) -> list[Box]:
    """Boxes of ``nodes``, oldest first; ``gradients`` are arrays by node.

    A graph keeps only what its rules read: of a value that nobody kept the shape is shown.
    """
    names = {x.node: name for name, x in named.items()}
    values = {x.node: x.data for x in (t, *named.values())}
    for node in nodes:
        for parent, array in zip(_parents(node), _operands(node), strict=True):
            if is_array(array):
                values.setdefault(parent, array)
        values.update((node, x) for read, x in _items(node) if read.kind == "value" and is_array(x))
    boxes: list[Box] = []
    numbers: dict[Any, int] = {}
    for node in nodes:
        if _is_fork(node) and node.parent is not None:
            numbers[node] = numbers[node.parent]
            continue
        if _is_fork(node) or type(node) is Leaf:
            box = Box(INPUT, shortened(names.get(node, "leaf" if type(node) is Leaf else "input")))
        else:
            box = _operation(node, boxes, numbers, digits)
        value, gradient = values.get(node), gradients.get(node)
        if value is not None:
            box.value, box.tooltip = value_lines(value, digits), describe(box.label, value)
        elif (shape := _shape(node, gradient)) is not None:
            box.value = [str(shape)]
        if gradient is not None:
            box.gradient = gradient_lines(gradient, digits)
        numbers[node] = len(boxes)
        boxes.append(box)
    label = names.get(t.node, "result")
    boxes.append(Box(OUTPUT, label, operands=[numbers[t.node]], tooltip=describe(label, t)))
    return boxes


def _operation(node: Any, boxes: list[Box], numbers: dict[Any, int], digits: int) -> Box:
    """The box of a node. Arrays among its operands that need no gradient get boxes before it."""
    wires: list[int | str] = []
    for parent, x in zip(_parents(node), _operands(node), strict=True):
        if parent is not None:
            wires.append(numbers[parent])
        elif is_array(x) and x.ndim:
            wires.append(len(boxes))
            boxes.append(Box(CONSTANT, "constant", value=value_lines(x, digits)))
        elif is_array(x):
            wires += elements(x, digits) or []
        else:
            wires.append(_UNKNOWN if x is None else number(x, digits))
    return operation(public_name(node.primitive), wires, note_of(_parameters(node)))


# ---- what a node knows ----


def _is_fork(node: Any) -> bool:
    return type(node) is not Leaf and node.primitive is identity.primitive  # type: ignore[attr-defined]


def _parents(node: Any) -> tuple:
    return () if type(node) is Leaf else node.parents


def _items(node: Any) -> Iterator[tuple[Any, Any]]:
    """``(Read, what it read)`` for all that the rules of a node's operands keep."""
    if type(node) is Leaf or node.kept is FREED:
        return
    p = node.primitive
    for i, parent in enumerate(node.parents):
        if parent is not None and p.reads[i]:
            kept = kept_for(node, i)
            yield from zip(p.reads[i], (kept,) if p.bare and len(p.reads[i]) < 2 else kept, strict=False)


def _operands(node: Any) -> list[Any]:
    """The operands, with ``None`` for what was not kept."""
    out: list[Any] = [None] * len(_parents(node))
    for read, x in _items(node):
        if read.kind == "array":
            out[read.index] = x
        elif read.kind == "all":
            out = list(x)
    return out


def _parameters(node: Any) -> dict[str, Any]:
    """Parameters that differ from their defaults, if they were kept."""
    p = node.primitive
    if not p.params or node.kept is FREED:
        return {}
    i = next(i for i, parent in enumerate(node.parents) if parent is not None)
    params = kept_for(node, i)[-1]
    return {key: x for key, x in params.items() if key not in p.defaults or x is not p.defaults[key]}


def _shape(node: Any, gradient: Any) -> tuple[int, ...] | None:
    if gradient is not None:
        return gradient.shape
    fits = getattr(node, "fits", None)
    return fits[-1][0] if fits else getattr(node, "shape", None)
