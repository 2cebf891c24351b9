"""vmap: a function of one example made one of many, computed together.

The function runs once, on Tensors that hide the axis of the examples (``core/batched.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any

import optree

from ..backend.arrays import is_array
from ..core import Tensor, make
from ..core.batched import Batched, Level, levels, new_level
from ..core.tensor import beneath
from ..core.trace import met_outside
from ..ops import broadcast_to, copy, moveaxis
from .inputs import as_tensor, has_tensor, name_of, result_of


def vmap(f: Callable, in_axes: Any = 0, out_axes: Any = 0) -> Callable:
    """``f`` for many examples at once: it is written for one and maps over an axis of its arguments.

    in_axes: the axis with the examples in each argument, ``None`` for one that all share: one for all
        arguments, or a tuple with one for each, in which a pytree's entry may be a pytree that begins
        like it. Keyword arguments are mapped over their first axis.
    out_axes: where that axis goes in each result, likewise; ``None`` where all examples agree.

    Plain arrays in, plain arrays out; Tensors in, Tensors out; ``f`` itself gets Tensors. Nests with itself
    and with the other transforms: ``vmap(grad(loss), (None, 0, 0))(w, x, y)`` gives the gradient of each
    example. Python cannot look at a value that differs by example (TypeError): ``if`` is written
    ``gpugrad.where``. Random numbers that ``f`` draws from NumPy are the same for all examples.

    Raises ValueError if the mapped axes are not equally long, are not there, or do not match the arguments.
    """

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        name = name_of(f)
        arguments: Any = (args, kwargs)
        paths, leaves, spec = optree.tree_flatten_with_path(arguments, none_is_leaf=True)
        own = tuple(in_axes) if isinstance(in_axes, list) else in_axes
        axes = _for_leaves((own, 0), arguments, f"in_axes={in_axes} of vmap", f"the arguments of {name}")
        fronts = [_front(x, axis, path, name) for x, axis, path in zip(leaves, axes, paths, strict=True)]
        with new_level(_size(fronts, paths, name), name) as level:
            given = [_given(x, front, level) for x, front in zip(leaves, fronts, strict=True)]
            called: Any = optree.tree_unflatten(spec, given)
            result = f(*called[0], **called[1])
        results, spec = optree.tree_flatten(result, none_is_leaf=True)
        goals = _for_leaves(out_axes, result, f"out_axes={out_axes} of vmap", f"what {name} returns")
        boxed = has_tensor(leaves) or bool(levels.active)
        return optree.tree_unflatten(
            spec, [_outward(y, axis, level, name, boxed) for y, axis in zip(results, goals, strict=True)]
        )

    return call


def _for_leaves(axes: Any, tree: Any, what: str, of: str) -> list:
    """An axis for each leaf of ``tree``, of which ``axes`` is the beginning."""
    try:
        spread = optree.broadcast_prefix(axes, tree, none_is_leaf=True)
    except ValueError as error:
        raise ValueError(
            f"{what} does not match {of}: {error} Give one number (or None) for all, or a tuple with an "
            "entry for each; an entry for a pytree is one number or begins like the pytree"
        ) from None
    for axis in spread:
        if axis is not None and not hasattr(axis, "__index__"):
            raise TypeError(f"{what} has to be made of whole numbers and None, got {axis!r}")
    return spread


# ---- in ----


def _front(x: Any, axis: int | None, path: tuple, name: str) -> Tensor | None:
    """A leaf with the examples in front; ``None`` for one that is not mapped."""
    if axis is None or x is None:
        return None
    n = getattr(x, "ndim", None)
    if n is None or not -n <= index(axis) < n:
        raise ValueError(
            f"vmap is to map over axis {axis} of {_place(path)} of {name}, which "
            + (f"is {x!r:.60} and has no axes" if not n else f"has shape {x.shape}")
            + "; say None in in_axes for what all examples share"
        )
    t = as_tensor(x)
    return moveaxis(t, axis, 0) if axis % n else t


def _size(fronts: list, paths: list, name: str) -> int:
    sizes = [(x.shape[0], path) for x, path in zip(fronts, paths, strict=True) if x is not None]
    if not sizes:
        raise ValueError(f"vmap of {name} has nothing to map over: in_axes is None for every argument")
    if len({n for n, _ in sizes}) > 1:
        lengths = ", ".join(f"{_place(path)} has {n}" for n, path in sizes)
        raise ValueError(f"vmap of {name} needs mapped axes of one length: {lengths}")
    return sizes[0][0]


def _place(path: tuple) -> str:
    """What messages call a leaf of the arguments."""
    kind, which, *rest = path
    return (which if kind else f"argument {which}") + "".join(f"[{entry!r}]" for entry in rest)


def _given(x: Any, front: Tensor | None, level: Level) -> Any:
    """What the function gets for a leaf. An array is a Tensor also where all share it: as such it can be
    indexed by one that differs by example."""
    if front is not None:
        return make(level.type(level, beneath(front), True))
    return as_tensor(x) if is_array(x) else x


# ---- out ----


def _outward(y: Any, axis: int | None, level: Level, name: str, boxed: bool) -> Any:
    """A result with the axis of the examples at ``axis``."""
    if y is None:
        return None
    t = result_of(name, y, level)
    mapped = False
    if isinstance(t.data, Batched) and t.data.level is level:
        if met_outside([t.node], (), level.start):
            raise RuntimeError(
                f"a result of {name} has a graph that leads out of vmap past its batch: a gradient would "
                "be lost; this is a mistake in gpugrad, please report it"
            )
        mapped, t = t.data.mapped, as_tensor(t.data.value)
    if axis is None:
        if mapped:
            raise ValueError(
                f"out_axes of vmap is None for a result of {name} that differs by example (of shape "
                f"{t.shape[1:]}); give the axis where the examples shall be"
            )
    else:
        n = t.ndim + (not mapped)
        if not -n <= index(axis) < n:
            raise ValueError(
                f"out_axes of vmap has {axis} for a result of {name} that has {n} axes with the examples"
            )
        if not mapped:
            t, mapped = copy(broadcast_to(t, (level.size, *t.shape))), True
        t = moveaxis(t, 0, axis) if axis % n else t
    return t if boxed or t.node is not None else t.data
