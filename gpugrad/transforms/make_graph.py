"""make_graph: the program of a function as text."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from ..backend.arrays import is_array
from ..backend.device import Device
from ..backend.transfer import to_device
from ..core import make
from ..core.program import CONSTANT, UNSEEN, Ask, Bind, Call, Program, Sample, Value, Write
from .inputs import name_of
from .traced import Traced, traced


def make_graph(f: Callable) -> Callable[..., Graph]:
    """A function that runs ``f`` once and returns its program, a :class:`Graph`, which prints as text.

    Arrays, Tensors and floats in the arguments become inputs, in pytrees too; whole numbers and the like are
    taken into the program, and so are the branches of the ``if``s and the rounds of the loops that this run
    takes. A gradient inside ``f``, or ``f = gpugrad.grad(loss)``, shows the backward pass as well.
    """

    @wraps(f)
    def run(*args: Any, **kwargs: Any) -> Graph:
        return Graph(traced(f, args, kwargs, make))

    return run


class Graph:
    """A program that prints as text, one line a call.

    ``calls`` has the calls in order: ``.primitive``, ``.operands`` (Values and numbers), ``.params`` and
    ``.result``, a Value with ``shape``, ``dtype`` and ``device``. ``name(value)`` is what the text calls it.
    """

    def __init__(self, run: Traced) -> None:
        self.program: Program = run.program
        self._run = run._replace(results=[])
        self.program.release()
        values = (*self.program.inputs, *self.program.outside, *self.program.computed())
        self._numbers = {value: i for i, value in enumerate(values)}

    @property
    def calls(self) -> list[Call]:
        """The calls of primitives, in order."""
        return self.program.calls

    def name(self, value: Value) -> str:
        """The number that stands for ``value`` in the text, such as ``%3``."""
        return f"%{self._numbers[value]}"

    def __len__(self) -> int:
        return len(self.calls)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        program = self.program
        lines: list[tuple[str, Value | None]] = [
            (f"{self.name(v)} = input {name}", v)
            for v, name in zip(program.inputs, self._run.input_names, strict=True)
        ]
        lines += [(f"{self.name(v)} = {_outside(v)}", v) for v in program.outside]
        for step in program.steps:
            lines += self._step(step)
        for name, x in zip(self._run.output_names, program.outputs, strict=True):
            lines.append((f"output {name} = {self._text(x)}", None))
        width = max((len(text) for text, value in lines if value is not None), default=0)
        body = [f"  {text:<{width}}  {_kind(value)}" if value else f"  {text}" for text, value in lines]
        return "\n".join([f"{self._run.name}:", *body])

    def _step(self, step: Any) -> Iterable[tuple[str, Value | None]]:
        if type(step) is Call:
            call = self._call(public_name(step.primitive), step.operands, changed(step))
            yield f"{self.name(step.result)} = {call}", step.result
        elif type(step) is Write:
            name = "a write" if step.function is None else public_name(step.function)
            call = self._call(name, step.operands, step.params)
            results, targets = (", ".join(map(self.name, values)) for values in (step.results, step.targets))
            yield f"{results} = {call} into {targets}", step.results[0]
        elif type(step) is Sample:
            call = self._call(public_name(step.function), (), step.params)
            yield f"{self.name(step.result)} = {call} from {type(step.source).__name__}", step.result
        elif type(step) is Bind and step.field == "grad":
            owner = next((self.name(v) for v in self._numbers if v.node is step.owner), "a leaf")
            yield f".grad of {owner} = {self._text(step.value)}", None
        elif type(step) is Ask:
            yield f"# {step.how} asked for {self.name(step.value)} at {step.line}", None

    def _call(self, name: str, operands: tuple, params: dict[str, Any]) -> str:
        given = [self._text(x) for x in operands]
        return f"{name}({', '.join(given + [f'{key}={self._text(x)}' for key, x in params.items()])})"

    def _text(self, x: Any) -> str:
        return text_of(x, self.name)


# ---- text ----


def public_name(f: Any) -> str:
    """The name of a primitive or a function, without the underscore of those that have a public front."""
    name = f"{type(f.__self__).__name__}.{f.__name__}" if inspect.ismethod(f) else name_of(f)
    return getattr(f, "name", name).lstrip("_")


def changed(call: Call) -> dict[str, Any]:
    """The parameters of a call that differ from their defaults."""
    defaults = call.primitive.defaults
    return {key: x for key, x in call.params.items() if key not in defaults or not _same(x, defaults[key])}


def _same(x: Any, default: Any) -> bool:
    return x is default or (type(x) is type(default) and not is_array(x) and bool(x == default))


def text_of(x: Any, name: Callable[[Value], str]) -> str:
    """An operand or a parameter as text; ``name`` tells what a Value is called."""
    if isinstance(x, Value):
        return name(x)
    if isinstance(x, slice):
        parts = ["" if part is None else text_of(part, name) for part in (x.start, x.stop)]
        return ":".join(parts if x.step is None else [*parts, text_of(x.step, name)])
    if x is Ellipsis:
        return "..."
    if isinstance(x, tuple):
        return f"({', '.join(text_of(item, name) for item in x)}{',' * (len(x) == 1)})"
    if isinstance(x, list):
        return f"[{', '.join(text_of(item, name) for item in x)}]"
    if isinstance(x, np.dtype):
        return x.name
    if isinstance(x, np.generic):
        return repr(x.item())
    if isinstance(x, Device):
        return str(x)
    return public_name(x) if callable(x) else repr(x)


def _outside(value: Value) -> str:
    if value.kind == UNSEEN:
        return "computed outside the primitives"
    if value.kind != CONSTANT or value.array.size > 4:
        return value.kind
    return f"{CONSTANT} {to_device(value.array, 'cpu').tolist()}"


def _kind(value: Value) -> str:
    return f"{value.dtype} {value.shape} {value.device}"
