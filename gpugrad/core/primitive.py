"""Primitives: functions of arrays that are recorded when they are called on Tensors.

``@primitive`` turns ``def tanh(xp, x)`` into ``tanh(x)``. ``xp`` is ``numpy`` or ``cupy``, after the
operand; arrays are positional, parameters keyword-only. The rules come afterwards, from ``rules.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from inspect import CO_VARARGS, Parameter, Signature, signature
from typing import Any, NamedTuple

from ..backend.arrays import namespace
from ..backend.dispatch import implementation
from .batched import Batched
from .batching import along
from .batching import implementation as batching_implementation
from .calls import binary, general, ternary, unary, unary_with_parameters


class Read(NamedTuple):
    """One thing that a rule reads: an operand's array, shape or dtype, all operands, or the result."""

    kind: str
    index: int = 0

    def of(self, arrays: Sequence[Any], y: Any) -> Any:
        """What this stands for in one call."""
        if self.kind == "array":
            return arrays[self.index]
        if self.kind == "value":
            return y
        if self.kind == "all":
            return tuple(arrays)
        x = arrays[self.index]
        if not hasattr(x, "shape"):
            x = namespace(x).asarray(x)
        return x.shape if self.kind == "shape" else x.dtype


class Implementations(dict):
    """The primitive's function of arrays, by array type; made when the type is first met."""

    def __init__(self, primitive: Any) -> None:
        super().__init__()
        self.primitive = primitive

    def __missing__(self, array_type: type) -> Callable:
        if issubclass(array_type, Batched):
            f = batching_implementation(self.primitive, array_type)
        else:
            f = implementation(self.primitive.body, array_type)
        self[array_type] = f
        return f


class Primitive:
    """What the engine knows of one operation; the public function has it as ``.primitive``.

    ``pulls[i](g, kept)`` and ``pushes[i](t, kept)`` are the reverse and the forward rule of operand
    ``i``; ``reads[i]`` says what ``kept`` is: one array bare, anything else a tuple, parameters last.
    ``reads[i]`` is ``None`` where the result does not depend on operand ``i`` in a differentiable way.
    ``batch`` is the batching rule, see ``batching.py``; without one of its own, the examples one by one.
    """

    batch: Any

    def __init__(
        self, body: Callable, name: str, operands: tuple[str, ...], params: tuple[str, ...], variadic: bool
    ) -> None:
        self.body, self.name = body, name
        self.operands, self.params, self.variadic = operands, params, variadic
        self.defaults: dict[str, Any] = getattr(body, "__kwdefaults__", None) or {}
        self.implementations = Implementations(self)
        self.pulls: Any = ()
        self.pushes: Any = ()
        self.reads: Any = None  # without rules
        self.halves: dict[str, tuple] = {}  # rules given for one direction at a time
        self.bare = not params and not variadic  # one array that a rule reads is kept without a tuple
        self.differentiable = True
        self.fast: Any = None  # reads of the flat call paths, see calls.py
        self.exact: Any = False  # see rules.py
        if variadic or len(operands) > 3 or (params and len(operands) > 1):
            call = general(self)
        elif params:
            call = unary_with_parameters(self)
        else:
            call = (unary, binary, ternary)[len(operands) - 1](self)
        self.function = _dress(self, call)

    def keep(self, i: int, arrays: Sequence[Any], y: Any, params: dict[str, Any]) -> Any:
        """What operand ``i`` keeps of one call."""
        reads = self.reads[i]
        if self.params:
            return (*[read.of(arrays, y) for read in reads], params)
        if self.bare and len(reads) < 2:
            return reads[0].of(arrays, y) if reads else None
        return tuple([read.of(arrays, y) for read in reads])

    def operand(self, i: int) -> str:
        """The name of operand ``i``."""
        return f"{self.operands[0]}[{i}]" if self.variadic else self.operands[i]

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(body: Callable) -> Callable:
    """Make a differentiable function of ``body(xp, *arrays, *, parameters)``; rules are given afterwards.

    The body computes one array with the functions of ``xp`` and is only ever given bare arrays. Until
    a rule is given, or ``nondifferentiable``, calling it on a Tensor that requires grad raises TypeError.
    """
    code = body.__code__
    named = code.co_argcount + code.co_kwonlyargcount
    variadic = bool(code.co_flags & CO_VARARGS)
    operands = code.co_varnames[1 : code.co_argcount] + (
        code.co_varnames[named : named + 1] if variadic else ()
    )
    params = code.co_varnames[code.co_argcount : named]
    if not operands or body.__defaults__ or (variadic and len(operands) > 1):
        raise TypeError(
            "a primitive takes the array library, then arrays by position, either named or *xs, then "
            f"parameters by keyword only, as in def {body.__name__}(xp, x, *, axis); "
            f"got {body.__name__}{signature(body)}"
        )
    # Users call sum; _sum, which it calls, is nothing that a message should speak of.
    return Primitive(body, body.__name__.lstrip("_"), operands, params, variadic).function


def ufunc(name: str, doc: str, *operands: str) -> Callable:
    """A primitive that is the array libraries' own function ``name``, called without a detour."""

    def body(xp: Any, *arrays: Any) -> Any:
        return getattr(xp, name)(*arrays)

    body.__doc__, body.__module__ = doc, _caller()
    body.ufunc = name  # type: ignore[attr-defined]
    p = Primitive(body, name, operands or ("x",), (), False)
    p.batch = along
    return p.function


def _caller() -> str:
    return sys._getframe(2).f_globals["__name__"]


def _dress(p: Primitive, call: Any) -> Callable:
    """Give the call path the name, signature and documentation of the body."""
    body: Any = p.body
    call.__name__ = call.__qualname__ = p.name
    call.__doc__, call.__module__ = body.__doc__, body.__module__
    kinds = [Parameter.POSITIONAL_ONLY] * len(p.operands)
    if p.variadic:
        kinds[-1] = Parameter.VAR_POSITIONAL
    call.__signature__ = Signature(
        [Parameter(name, kind) for name, kind in zip(p.operands, kinds, strict=True)]
        + [
            Parameter(name, Parameter.KEYWORD_ONLY, default=p.defaults.get(name, Parameter.empty))
            for name in p.params
        ]
    )
    call.primitive = p
    return call
