"""The program: the flat list of what happened to arrays while a recorder was active.

A step's operands are Values, which stand for arrays, and Python numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..backend.transfer import device_of
from .node import Leaf

INPUT, COMPUTED, PARAMETER, STATE, CONSTANT, UNSEEN = (
    "input", "computed", "parameter", "state", "constant", "unseen"
)  # fmt: skip
"""Where a value comes from. From outside come leaves (``PARAMETER``), other arrays that the program writes to
(``STATE``) or only reads (``CONSTANT``), and what bypassed the primitives while it ran (``UNSEEN``)."""


@dataclass(slots=True, eq=False)
class Value:
    """One array of a program. ``varies``: another run may give it other elements."""

    array: Any
    kind: str
    varies: bool
    node: Any = None
    shape: tuple[int, ...] = ()
    dtype: Any = None
    device: Any = None

    def __post_init__(self) -> None:
        self.shape, self.dtype, self.device = self.array.shape, self.array.dtype, device_of(self.array)


@dataclass(slots=True, eq=False)
class Call:
    """A call of a primitive. Operands are Values and numbers; in ``params`` Values stand for arrays."""

    primitive: Any
    operands: tuple
    params: dict[str, Any]
    result: Value


@dataclass(slots=True, eq=False)
class Write:
    """``function(*operands, **params)`` wrote to ``targets``, which have been ``results`` since.

    ``function`` is ``None`` where a caller of ``written`` did not say what it did.
    """

    function: Callable | None
    operands: tuple
    params: dict[str, Any]
    targets: tuple[Value, ...]
    results: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class Sample:
    """``result`` came from the random state of ``source``, which another run has to advance likewise."""

    source: Any
    function: Any
    params: dict[str, Any]
    result: Value


@dataclass(slots=True, eq=False)
class Bind:
    """Attribute ``field`` of ``owner``, a Tensor's ``data`` or a Leaf's ``grad``, was set to ``value``."""

    owner: Any
    field: str
    value: Value | None


@dataclass(slots=True, eq=False)
class Ask:
    """Python asked for the elements of ``value``: what it did with them is not in the program."""

    value: Value
    how: str
    cure: str
    line: str


Step = Call | Write | Sample | Bind | Ask


@dataclass(slots=True, eq=False)
class Program:
    """What a recorder saw, in order. ``outside``: values it met that were not inputs, by first use."""

    inputs: list[Value] = field(default_factory=list)
    outside: list[Value] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        """The calls of primitives alone."""
        return [step for step in self.steps if type(step) is Call]

    def spread_variation(self) -> None:
        """Find out again which values vary, after an outside value turned out to."""
        for step in self.steps:
            if type(step) is Call:
                step.result.varies = any(v.varies for v in values_in((step.operands, step.params)))
            elif type(step) is Write:
                read = values_in((step.targets, step.operands, step.params))
                for v in step.results:
                    v.varies = any(r.varies for r in read)

    def release(self) -> None:
        """Let go of the arrays of everything but the outside values, and of the graph."""
        for value in (*self.inputs, *self.computed()):
            value.array = None
            if type(value.node) is not Leaf:
                value.node = None

    def computed(self) -> list[Value]:
        """Every value that a step made."""
        made: list[Value] = []
        for step in self.steps:
            if type(step) is Call or type(step) is Sample:
                made.append(step.result)
            elif type(step) is Write:
                made.extend(step.results)
        return made


def values_in(x: Any) -> list[Value]:
    """Every Value in operands or parameters, however deep."""
    if type(x) is Value:
        return [x]
    if type(x) is dict:
        x = tuple(x.values())
    return [v for item in x for v in values_in(item)] if type(x) in (tuple, list) else []
