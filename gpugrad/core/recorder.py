"""The recorder: it writes down the program of what this thread does to arrays while it is active.

Arrays are followed by identity, so detached tensors, forks and handles that share one are one value, and
so are arrays inside parameters, as in ``x[index]``. Calls on arrays alone have no tensor that a later run
could give another value: their results are constants. A recorder keeps every array that it meets alive,
for an identity means nothing once it can be given away again.

The functions at the end are what the engine says to the recorders. Each caller asks ``special`` first, so
that a thread pays nothing while no mode is active anywhere. Batches are not values of a program: the calls on
what they are made of are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from ..backend.arrays import Indirect, is_array
from .anomaly import user_line
from .modes import Mode, no_grad, state
from .node import Leaf, next_key
from .program import (
    COMPUTED,
    CONSTANT,
    INPUT,
    PARAMETER,
    STATE,
    UNSEEN,
    Ask,
    Bind,
    Call,
    Program,
    Sample,
    Value,
    Write,
    values_in,
)


class Recorder(Mode):
    """Records into ``program`` what this thread does inside a ``with`` block. Recorders nest: all see it.

    values_may_be_asked: whether ``float(t)`` or an ``if t`` on a value that varies is noted as an ``Ask``,
    or is a TypeError because a later run of the program would not notice that the value had changed.
    """

    field = "recorders"

    def __init__(self, *, values_may_be_asked: bool = True) -> None:
        self.program = Program()
        self.values_may_be_asked = values_may_be_asked
        self._by_id: dict[int, Value] = {}
        self._copies: list[Any] = []
        self._read: set[Value] = set()
        self._start = next_key()

    @property
    def value(self) -> tuple:
        return (*state.recorders, self)

    def __enter__(self) -> Recorder:  # type: ignore[override]
        super().__enter__()
        return self

    # ---- values ----

    def input(self, array: Any, node: Any = None) -> Value:
        """Make ``array`` an input of the program."""
        value = self._new(array, INPUT, True, node)
        self.program.inputs.append(value)
        return value

    def output(self, x: Any) -> Any:
        """Make ``x`` an output of the program: an array, or anything else as it is."""
        out = self.of(x) if is_array(x) else x
        self.program.outputs.append(out)
        return out

    def of(self, array: Any, node: Any = None) -> Value:
        """The newest value that ``array`` stands for; one it has not met comes from outside."""
        value = self._by_id.get(id(array))
        if value is None:
            leaf = type(node) is Leaf
            unseen = node is not None and not leaf and node.key < self._start
            kind = PARAMETER if leaf else UNSEEN if unseen else CONSTANT
            value = self._new(array, kind, kind is not CONSTANT, node)
            self.program.outside.append(value)
        return value

    def _new(self, array: Any, kind: str, varies: bool, node: Any = None) -> Value:
        value = self._by_id[id(array)] = Value(array, kind, varies, node)
        return value

    def _replaced(self, x: Any) -> Any:
        """``x`` with Values in place of the arrays in it."""
        if is_array(x):
            return self.of(x)
        if type(x) in (tuple, list):
            return type(x)([self._replaced(item) for item in x])
        if type(x) is dict:
            return {key: self._replaced(item) for key, item in x.items()}
        return x

    # ---- steps ----

    def call(
        self, p: Any, arrays: Sequence[Any], nodes: Sequence[Any], params: dict, y: Any, node: Any
    ) -> None:
        """Add a call of the primitive ``p``."""
        operands = tuple([self.of(x, n) if is_array(x) else x for x, n in zip(arrays, nodes, strict=True)])
        params = self._replaced(params)
        varies = self._reads(operands, params)
        self.program.steps.append(Call(p, operands, params, self._new(y, COMPUTED, varies, node)))

    def write(self, targets: Sequence[Any], function: Any, operands: Sequence[Any], params: dict) -> None:
        """Add a write to the arrays ``targets``."""
        before = tuple([self.of(array) for array in targets])
        given, named = self._replaced(tuple(operands)), self._replaced(params)
        if any(v.kind == CONSTANT for v in before):
            self._written_outside(before)
        varies = self._reads(before, given, named)
        after = tuple([self._new(array, COMPUTED, varies) for array in targets])
        self.program.steps.append(Write(function, given, named, before, after))

    def _written_outside(self, values: Sequence[Value]) -> None:
        """The next run will find something else in these, which have been read as constants so far."""
        for v in values:
            if v.kind == CONSTANT:
                v.kind, v.varies = STATE, True
        if self._read.isdisjoint(values):
            return
        self.program.spread_variation()
        for step in self.program.steps:
            if type(step) is Ask:
                self._allow(step)

    def _reads(self, *operands: Any) -> bool:
        """Whether what a step reads varies."""
        read = values_in(operands)
        self._read.update(read)
        return any(v.varies for v in read)

    def sample(self, source: Any, function: Any, params: dict, y: Any) -> None:
        """Add random numbers ``y``."""
        step = Sample(source, function, self._replaced(params), self._new(y, COMPUTED, True))
        self.program.steps.append(step)

    def bind(self, owner: Any, field: str, array: Any) -> None:
        """Add the setting of an attribute."""
        value = None if array is None else self.of(array)
        self.program.steps.append(Bind(owner, field, value))

    def ask(self, array: Any, node: Any, how: str, cure: str) -> None:
        """Add a question for elements, or refuse it."""
        step = Ask(self.of(array, node), how, cure, user_line())
        self._read.add(step.value)
        self._allow(step)
        self.program.steps.append(step)

    def _allow(self, step: Ask) -> None:
        value = step.value
        if value.varies and not self.values_may_be_asked:
            raise TypeError(
                f"{step.how} asks for the value of a Tensor of shape {value.shape} and dtype {value.dtype} "
                "while its program is recorded; a later run, with other values, could not follow. "
                f"{step.cure}\n"
                f"  asked at {step.line}"
            )

    def unseen(self, array: Any) -> None:
        """Note that ``array`` was computed from values that vary, whether or not this recorder saw how."""
        value = self._by_id.get(id(array))
        if value is None or not value.varies:
            self.program.outside.append(self._new(array, UNSEEN, True))

    def alias(self, array: Any, copy: Any) -> None:
        """Let ``copy`` stand for the same value as ``array``."""
        value = self.of(array)
        self._by_id[id(copy)] = value
        self._copies.append(copy)


# ---- what the engine says to the recorders of this thread ----


def called(p: Any, arrays: Sequence[Any], nodes: Sequence[Any], params: dict, y: Any, node: Any) -> None:
    """``p(*arrays, **params)`` gave ``y``."""
    for recorder in state.recorders:
        recorder.call(p, arrays, nodes, params, y, node)


def wrote(targets: Sequence[Any], function: Any, operands: Sequence[Any], params: dict) -> None:
    """``function(*operands, **params)`` wrote to the arrays ``targets``."""
    for recorder in state.recorders:
        recorder.write(targets, function, operands, params)


def sampled(source: Any, function: Any, params: dict, y: Any) -> None:
    """``function`` took the random numbers ``y`` from the state of ``source``."""
    for recorder in state.recorders:
        recorder.sample(source, function, params, y)


def bound(owner: Any, field: str, array: Any) -> None:
    """Attribute ``field`` of a Tensor or a Leaf was set to ``array`` or to ``None``."""
    for recorder in () if isinstance(array, Indirect) else state.recorders:
        recorder.bind(owner, field, array)


LEAVE = "Go on with the Tensor itself, or return it and ask outside."
BRANCH = "For an if, use gpugrad.where(condition, a, b), which has both branches in the program."


def asked(t: Any, how: str, cure: str = LEAVE) -> None:
    """Somebody wants to see elements of the Tensor ``t``."""
    for recorder in state.recorders:
        recorder.ask(t.data, t.node, how, cure)


def met(t: Any) -> None:
    """The Tensor ``t`` is about to get another node, by which a recorder could no longer tell what it is."""
    for recorder in () if isinstance(t.data, Indirect) else state.recorders:
        recorder.of(t.data, t.node)


def computed_from_arrays(tensors: Iterable[Any]) -> None:
    """Code that could see the arrays of its operands made these: perhaps not by calls of primitives."""
    for t in tensors:
        for recorder in () if isinstance(t.data, Indirect) else state.recorders:
            recorder.unseen(t.data)


def copied(array: Any, copy: Any) -> None:
    """``copy`` holds the elements of ``array`` in memory of its own."""
    for recorder in () if isinstance(array, Indirect) else state.recorders:
        recorder.alias(array, copy)


class _Boxing:
    """How an array becomes a Tensor: set by ``tensor.py``, which itself needs this file."""

    make: Callable


boxing = _Boxing()


def over_tensors(sweep: Callable, starts: dict[Any, Any], *args: Any, **options: Any) -> dict[Any, Any]:
    """A sweep over bare arrays, done over Tensors instead: then recorders see what its rules call.

    It leaves no graph, and what it returns are arrays, as without a recorder. A batch may have a graph
    beneath, which has to go on.
    """
    make = boxing.make
    batched = any(isinstance(array, Indirect) for array in starts.values())
    with nullcontext() if batched else no_grad():
        found = sweep({node: make(array) for node, array in starts.items()}, *args, box=make, **options)
    return {node: t.data for node, t in found.items()}
