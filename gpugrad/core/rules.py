"""The forms in which a derivative is written down, once, for both directions.

A rule is a function whose parameter names say what it reads: first the cotangent or tangent, then any
of the operands by name, ``y`` for the result, ``x_shape`` or ``x_dtype`` of operand ``x``, and the
primitive's parameters as keyword-only arguments. Only what a rule reads is kept alive. Rules are made
of primitives and operators, so they serve bare arrays and, for higher derivatives, Tensors.

The sweeps fit what a rule returns to the shape and dtype that it has to have, unless it is known to be
``exact``, as the rules of elementwise functions are for operands of one shape and dtype.

Rules of a primitive with ``*xs`` take the position of the operand first, and ``xs`` for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .batching import along
from .calls import CONSTANT, NOTHING, OPERAND, VALUE
from .primitive import Primitive, Read

Rule = Callable[..., Any] | None


def elementwise(f: Callable, *rules: Rule) -> None:
    """Rules ``lambda t, ...: t * df/dx_i`` for a function that acts on each element by itself.

    The Jacobian is diagonal, hence its own transpose: the one formula serves both directions.
    """
    p: Primitive = f.primitive  # type: ignore[attr-defined]
    _define(p, rules, rules, flat=True)
    p.exact = len(p.operands) == 1
    p.batch = along


def linear(f: Callable, transpose: Rule, exact: bool = False) -> None:
    """A function linear in its one operand: only the transpose is written, forward is ``f`` itself.

    exact: the transpose always has the shape and dtype of the operand.
    """
    p: Primitive = f.primitive  # type: ignore[attr-defined]
    if p.variadic:
        raise ValueError(
            f"{p.name} takes *{p.operands[0]}; linear is for one operand, use multilinear or by_hand"
        )
    _define(p, (transpose,), (_itself(p, 0),), flat=exact)
    p.exact = exact


def multilinear(f: Callable, *transposes: Rule, exact: Callable | None = None) -> None:
    """A function linear in each operand while the others stand still: one transpose for each.

    A primitive with ``*xs`` takes one transpose for all. For one with two operands, ``exact(a, b)`` may say
    of arrays of one dtype that the transposes give back the shapes of both.
    """
    p: Primitive = f.primitive  # type: ignore[attr-defined]
    if p.variadic:
        _define(p, transposes, (_itself_with_all(p),))
    else:
        pushes = tuple(None if r is None else _itself(p, i) for i, r in enumerate(transposes))
        _define(p, transposes, pushes, flat=True)
        p.exact = exact


def by_hand(
    f: Callable, vjp: tuple[Rule, ...], jvp: tuple[Rule, ...], exact: bool | Callable = False
) -> None:
    """Both directions written out, for what is none of the other forms.

    exact: for one operand True if the rules always return the shape and dtype of the operand and of the
    result. For more a function of the arrays that says whether they do: it is asked about arrays of one dtype
    and several shapes, and of one shape they have to. Raises TypeError for the other kind.
    """
    p: Primitive = f.primitive  # type: ignore[attr-defined]
    if exact and callable(exact) is (len(p.operands) == 1):
        kind = "True or False" if len(p.operands) == 1 else "a function of the arrays"
        raise TypeError(f"{p.name}: with {len(p.operands)} operands exact has to be {kind}, got {exact!r}")
    _define(p, vjp, jvp, flat=bool(exact))
    p.exact = exact


def defvjp(f: Callable, *rules: Rule, argnums: Sequence[int] | None = None) -> None:
    """Reverse rules alone, ``lambda g, ...: ...``, for the operands ``argnums`` (default: all, in order).

    ``None`` for a rule: the gradient is zero. An operand without a rule raises TypeError when its gradient is
    asked for, and so does forward mode until :func:`defjvp` gives its rules too.
    """
    _define_half(f.primitive, "reverse", rules, argnums)  # type: ignore[attr-defined]


def defjvp(f: Callable, *rules: Rule, argnums: Sequence[int] | None = None) -> None:
    """Forward rules alone, ``lambda t, ...: ...``; as :func:`defvjp`, beside or without it."""
    _define_half(f.primitive, "forward", rules, argnums)  # type: ignore[attr-defined]


def nondifferentiable(f: Callable) -> Callable:
    """Say that ``f`` has derivative zero wherever it has one: its results never require grad."""
    p: Primitive = f.primitive  # type: ignore[attr-defined]
    p.differentiable = False
    if len(p.operands) == 1 and not p.variadic:
        p.fast = CONSTANT
    return f


# ---- forward rules that are the function itself ----


class _Signed:
    """A rule with its names given instead of read off a function: what it takes besides ``t``."""

    def __init__(self, function: Callable, names: tuple[str, ...], params: tuple[str, ...]) -> None:
        self.function, self.names, self.params = function, names, params


def _itself(p: Primitive, i: int) -> Any:
    others = tuple(name for j, name in enumerate(p.operands) if j != i)

    def push(t: Any, *kept: Any, **params: Any) -> Any:
        return p.function(*kept[:i], t, *kept[i:], **params)

    return _Signed(push, others, p.params)


def _itself_with_all(p: Primitive) -> Any:
    def push(t: Any, i: int, xs: tuple, **params: Any) -> Any:
        return p.function(*xs[:i], t, *xs[i + 1 :], **params)

    return _Signed(push, ("i", *p.operands), p.params)


# ---- one direction at a time ----

_OF = {"reverse": "gpugrad.defvjp", "forward": "gpugrad.defjvp"}


def _define_half(p: Primitive, direction: str, rules: tuple, argnums: Sequence[int] | None) -> None:
    if p.reads is not None and (not p.halves or direction in p.halves):
        raise ValueError(f"{p.name} has its {direction} rules already")
    places = range(len(rules)) if argnums is None else argnums
    n = 1 if p.variadic else len(p.operands)
    if len(places) != len(rules) or len(set(places)) != len(rules) or any(not 0 <= k < n for k in places):
        raise ValueError(
            f"{p.name} has the operands {', '.join(p.operands)}; got {len(rules)} {direction} rule(s) for "
            f"the operands number {list(places)}"
        )
    given = dict(zip(places, rules, strict=True))
    halves = p.halves | {direction: tuple(given.get(i, _missing(p, i, direction)) for i in range(n))}
    without = {d: tuple(_missing(p, i, d) for i in range(n)) for d in _OF}
    reads, p.reads = p.reads, None
    try:
        _define(p, halves.get("reverse", without["reverse"]), halves.get("forward", without["forward"]))
    except (TypeError, ValueError):
        p.reads = reads
        raise
    p.halves = halves


def _missing(p: Primitive, i: int, direction: str) -> Any:
    def rule(g: Any, *_: Any) -> Any:
        name = p.operands[0] if p.variadic else p.operands[i]
        raise TypeError(
            f"{p.name} has no {direction} rule for operand {name!r}, which this derivative needs; give it "
            f"one with {_OF[direction]}({p.name}, ...)"
        )

    return _Signed(rule, ("i",) if p.variadic else (), ())


# ---- from signatures to what the sweeps call ----


def _define(p: Primitive, vjp: tuple, jvp: tuple, flat: bool = False) -> None:
    """``flat``: calls may take the flat paths, where the shape rule trusts operands like the result."""
    expected = 1 if p.variadic else len(p.operands)
    if p.reads is not None:
        raise ValueError(f"{p.name} has its rules already")
    if len(vjp) != expected or len(jvp) != expected:
        raise ValueError(
            f"{p.name} takes {expected} rule(s), for {', '.join(p.operands)}; got {len(vjp)} reverse and "
            f"{len(jvp)} forward"
        )
    signed = [(_sign(p, r), _sign(p, f)) for r, f in zip(vjp, jvp, strict=True)]
    reads = [None if r is None else _union(p, r, f) for r, f in signed]
    pulls = [None if r is None else _aligned(p, r, reads[i]) for i, (r, _) in enumerate(signed)]
    pushes = [None if f is None else _aligned(p, f, reads[i]) for i, (_, f) in enumerate(signed)]
    if p.variadic:
        p.reads, p.pulls, p.pushes = _Every(reads[0]), _EveryRule(pulls[0]), _EveryRule(pushes[0])
    else:
        p.reads, p.pulls, p.pushes = tuple(reads), tuple(pulls), tuple(pushes)
        p.fast = _fast_reads(p, flat)


def _sign(p: Primitive, rule: Any) -> _Signed | None:
    if rule is None or type(rule) is _Signed:
        return rule
    if hasattr(rule, "primitive"):
        return _Signed(rule, rule.primitive.operands[1:], rule.primitive.params)
    code = getattr(rule, "__code__", None)
    if code is None or not code.co_argcount:
        raise TypeError(
            f"a rule of {p.name} has to be a Python function whose first parameter is the cotangent or "
            f"tangent, as in lambda g, x: ..., got {rule!r}"
        )
    names = code.co_varnames[1 : code.co_argcount]
    params = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    for name in params:
        if name not in p.params:
            raise ValueError(f"a rule of {p.name} takes the parameter {name!r}; it has {p.params or 'none'}")
    return _Signed(rule, names, params)


def _union(p: Primitive, reverse: _Signed, forward: _Signed | None) -> tuple[Read, ...]:
    names = dict.fromkeys(reverse.names + (forward.names if forward else ()))
    names.pop("i", None) if p.variadic else None
    return tuple(_read(p, name) for name in names)


def _read(p: Primitive, name: str) -> Read:
    if p.variadic and name == p.operands[0]:
        return Read("all")
    if name in p.operands:
        return Read("array", p.operands.index(name))
    if name == "y":
        return Read("value")
    stem, _, kind = name.rpartition("_")
    if stem in p.operands and kind in ("shape", "dtype"):
        return Read(kind, p.operands.index(stem))
    raise ValueError(
        f"a rule of {p.name} reads {name!r}; it can read {', '.join(p.operands)}, y, "
        "and NAME_shape or NAME_dtype of an operand"
    )


def _aligned(p: Primitive, rule: _Signed, reads: Any) -> Callable:
    """``rule`` as a function of (cotangent or tangent, kept), or of the former alone if nothing is kept."""
    f = rule.function
    wanted = tuple(_read(p, name) for name in rule.names if not (p.variadic and name == "i"))
    places = tuple(reads.index(read) for read in wanted)
    if p.variadic:
        return lambda g, kept, i: f(g, i, *[kept[k] for k in places], **_chosen(rule.params, kept))
    if p.params:
        return _with_parameters(f, places, rule.params, p.params)
    if not reads or len(reads) == len(places) == 1:
        return f
    if not places:
        return lambda g, kept: f(g)
    if places == tuple(range(len(reads))):
        return lambda g, kept: f(g, *kept)
    return lambda g, kept: f(g, *[kept[k] for k in places])


def _with_parameters(f: Callable, places: tuple[int, ...], wanted: tuple, params: tuple) -> Callable:
    """``f`` as a function of (cotangent or tangent, kept), where the last that is kept are the parameters."""
    if wanted and set(wanted) != set(params):
        return lambda g, kept: f(g, *[kept[k] for k in places], **_chosen(wanted, kept))
    if places == (0,):  # flat, for the common rules
        return (lambda g, kept: f(g, kept[0], **kept[-1])) if wanted else lambda g, kept: f(g, kept[0])
    if wanted:
        return lambda g, kept: f(g, *[kept[k] for k in places], **kept[-1])
    return lambda g, kept: f(g, *[kept[k] for k in places])


def _chosen(names: tuple[str, ...], kept: tuple) -> dict[str, Any]:
    return {name: kept[-1][name] for name in names}


class _Every:
    """The same entry for whatever operand is asked for."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry

    def __getitem__(self, i: int) -> Any:
        return self.entry


class _EveryRule(_Every):
    """The one rule of a primitive with ``*xs``, told which operand it is for."""

    def __getitem__(self, i: int) -> Callable:
        rule = self.entry
        return lambda g, kept: rule(g, kept, i)


def _fast_reads(p: Primitive, flat: bool) -> Any:
    """What the flat call paths need to know, or ``None`` if they do not serve this primitive."""
    if p.params and len(p.operands) == 1:
        return _keeper(p.reads[0])
    if not flat or p.params or len(p.operands) > 3 or any(r is None or len(r) > 1 for r in p.reads):
        return None
    kinds = [r[0] if r else None for r in p.reads]
    if any(k is not None and k.kind not in ("array", "value") for k in kinds):
        return None
    if len(kinds) == 1:
        k = kinds[0]
        return NOTHING if k is None else VALUE if k.kind == "value" else OPERAND
    last = len(kinds) + 1
    return tuple(0 if k is None else last if k.kind == "value" else 1 + k.index for k in kinds)


_OF_ONE = {
    "array": lambda x, y: x,
    "value": lambda x, y: y,
    "shape": lambda x, y: x.shape,
    "dtype": lambda x, y: x.dtype,
}


def _keeper(reads: tuple[Read, ...] | None) -> Callable | None:
    """``Primitive.keep`` of one operand without its loop: a function of (operand, result, parameters)."""
    if reads is None:
        return None
    items = [_OF_ONE[read.kind] for read in reads]
    if len(items) == 1:
        item = items[0]
        return lambda x, y, params: (item(x, y), params)
    return lambda x, y, params: (*[item(x, y) for item in items], params)
