"""Calls with several results or with one rule for all operands, as of ``custom_vjp`` and ``checkpoint``.

A sweep knows nodes with one cotangent and a rule for each operand. A joint call is made of such nodes::

    operands --- gathered --- the call --- item 0, item 1, ...

The cotangent of the call is a ``Parts``, what has arrived at its items by position. The rule of the call
makes of it the ``Parts`` of its operands, once, and the gathered node hands these out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, ClassVar

from .anomaly import remember
from .modes import special, state
from .node import Node, Unary, next_key
from .primitive import Read
from .tensor import Tensor, make


class Parts(dict[int, Any]):
    """Cotangents or tangents by position; one that is missing is zero."""

    def __add__(self, other: Parts) -> Parts:
        total = Parts(self)
        for i, part in other.items():
            total[i] = total[i] + part if i in total else part
        return total


class _Each:
    """An entry for every operand, made when it is asked for."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry

    def __getitem__(self, i: int) -> Any:
        return self.entry(i)


class _StandIn:
    """What the sweeps and the drawing ask of a primitive, for a node that is not of one."""

    name: str
    params: tuple[str, ...] = ()
    defaults: ClassVar[dict[str, Any]] = {}
    reads: Any = _Each(lambda i: ())
    bare = True

    def operand(self, i: int) -> str:
        """The name of operand ``i``, for messages."""
        return f"operands[{i}]"


class Joint(_StandIn):
    """What takes the place of a primitive in the node of a joint call; its subclasses have the rules.

    ``pull`` and ``push`` are given ``Parts``, what the call saved, the arrays that it kept, and the call's
    own node if the sweep is recorded (else ``None``). ``pull`` has to answer for every operand.
    """

    reads = ((Read("value"),),)  # in a recorded sweep, what was kept comes as a Tensor with the call's node

    def __init__(self, name: str) -> None:
        self.name = name
        self.pulls = (lambda g, kept: self.pull(g, *_opened(kept)),)
        self.pushes = (lambda t, kept: self.push(t, *_opened(kept)),)

    def pull(self, g: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        """Cotangents of all operands from those of the results."""
        raise NotImplementedError

    def push(self, t: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        """Tangents of the results from those of the operands."""
        raise NotImplementedError


def _opened(kept: Any) -> tuple[Any, tuple, Any]:
    return (*kept.data, kept.node) if type(kept) is Tensor else (*kept, None)


def record_joint(joint: Joint, parents: Sequence[Any], saved: Any, arrays: tuple) -> Unary:
    """The node of a call whose operands have the nodes ``parents``; its results get ``item`` nodes of it.

    ``saved`` is whatever the rules want besides ``arrays``, which are watched for writes.
    """
    if state.recording is not True:
        state.recording(joint.name)
    node = _unary(joint, _node(_GATHERED, tuple(parents)), (saved, arrays))
    if special:
        remember(node)
    return node


def item(call: Unary, i: int) -> Unary:
    """A node for result ``i`` of a joint call. It may be made again: all of them lead to the same call."""
    return _unary(_item(i), call, None)


def _unary(primitive: Any, parent: Any, kept: Any) -> Unary:
    node = Unary()
    node.key = next_key()
    node.primitive, node.parent, node.kept = primitive, parent, kept
    return node


def _node(primitive: Any, parents: tuple) -> Node:
    node = Node()
    node.key = next_key()
    node.primitive, node.parents, node.kept, node.fits = primitive, parents, (None,) * len(parents), None
    return node


class _Item(_StandIn):
    """Picks one result; tangents of the others stop here."""

    def __init__(self, i: int) -> None:
        self.name = f"item {i}"
        self.pulls = (lambda g: Parts({i: g}),)
        self.pushes = (lambda t: t.get(i),)


_item = cache(_Item)


class _Gathered(_StandIn):
    """All operands of a call as one."""

    name = "gathered operands"
    pulls = _Each(itemgetter)
    pushes = _Each(lambda i: lambda t: Parts({i: t}))


_GATHERED = _Gathered()


# ---- ends of the graph ----


def unconnected(data: Any, node: Any) -> Tensor:
    """In place of ``make``, for a sweep recorded with respect to what it starts from and to nothing else."""
    if type(data) is not tuple:
        return make(data)
    operands = (None,) * len(node.parent.parents)
    return make(data, _unary(node.primitive, _node(_GATHERED, operands), node.kept))


def blocked(t: Tensor, sources: Sequence[Any], why: str) -> Tensor:
    """``t`` behind a node that raises RuntimeError(why) if a derivative of it is asked for."""
    return make(t.data, _node(_Blocked(why), tuple(sources)))


class _Blocked(_StandIn):
    name = "blocked"

    def __init__(self, why: str) -> None:
        def refuse(g: Any) -> Any:
            raise RuntimeError(why)

        self.pulls = self.pushes = _Each(lambda i: refuse)
