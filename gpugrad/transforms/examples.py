"""What cannot compute a batch: inside of ``vmap``, the examples go one by one.

A solver looks at numbers, and so does another library. So a call on batches is made for each example, outside
of the batch, and the results are stacked. Its derivative, where there is a graph on top of the batch, is
such a call again: of the derivative for one example. A call that was made outside, whose derivative is asked
for many cotangents or tangents at once, as ``jacobian`` does, answers for each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import optree

from ..backend.arrays import namespace
from ..backend.dispatch import one_array
from ..core import Tensor, is_grad_enabled, make, outward
from ..core.batched import Batched, Level, levels, newest
from ..core.joint import Joint, Parts, item, record_joint
from ..core.tensor import beneath, lifted
from ..ops import stack
from .gradient import jvp, vjp
from .inputs import as_tensor

# ---- calls ----


def each_example(f: Callable) -> Callable:
    """``f``, a function of pytrees, called for each example if there is a batch among its arguments."""

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not levels.active:
            return f(*args, **kwargs)
        arguments: Any = (args, kwargs)
        leaves, spec = optree.tree_flatten(arguments, none_is_leaf=True)
        places = [k for k, x in enumerate(leaves) if type(x) is Tensor]
        if newest(leaves[k].data for k in places) is None:
            return f(*args, **kwargs)
        specs: list[Any] = []

        def flat(*tensors: Tensor) -> list[Tensor]:
            filled = list(leaves)
            for k, t in zip(places, tensors, strict=True):
                filled[k] = t
            args, kwargs = optree.tree_unflatten(spec, filled)
            results, result_spec = optree.tree_flatten(each_example(f)(*args, **kwargs))
            specs.append(result_spec)
            return [as_tensor(y) for y in results]

        results = _all_examples(flat, [leaves[k] for k in places])
        return optree.tree_unflatten(specs[0], results)

    return call


def _all_examples(f: Callable, xs: Sequence[Tensor]) -> list[Tensor]:
    """``f(*xs)``, a list of Tensors, as batches."""
    level = newest(x.data for x in xs)
    if level is None:
        return f(*xs)
    if not level.size:
        raise ValueError("vmap over no examples: what a solver would return for one is not known")
    # The graph of what is from outside of the batch stays beneath it.
    xs = [x if type(x.data) is level.type or x.node is None else lifted(x, level) for x in xs]
    with _outside_of(level):
        found = [f(*[_example(make(x.data), level, i) for x in xs]) for i in range(level.size)]
    results = [make(_batch(column, level)) for column in zip(*found, strict=True)]
    nodes = [x.node for x in xs]
    if not any(nodes) or not is_grad_enabled():
        return results
    saved = (f, [n is not None for n in nodes], [(y.shape, y.dtype) for y in results])
    call = record_joint(_EXAMPLES, nodes, saved, tuple(x.data for x in xs))
    return [make(y.data, item(call, k) if y.dtype.kind in "fcV" else None) for k, y in enumerate(results)]


class _Examples(Joint):
    """The call of a function for each example."""

    def pull(self, g: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        f, needed, fits = saved
        wanted = [i for i, need in enumerate(needed) if need]
        xs, n = _operands(arrays, node), len(arrays)
        shown = [k for k, (_, dtype) in enumerate(fits) if dtype.kind in "fcV"]
        gs = [_full(g.get(k), fits[k][0], fits[k][1], xs[0]) for k in shown]

        def pulled(*given: Tensor) -> list[Tensor]:
            some = _of_some(f, given[:n], wanted, shown)
            return list(vjp(some, *[given[i] for i in wanted])[1](list(given[n:])))

        found = _all_examples(pulled, [*xs, *map(outward, gs)])
        return _handed(dict(zip(wanted, map(outward, found), strict=True)), g)

    def push(self, t: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        f, _, fits = saved
        xs, n = _operands(arrays, node), len(arrays)
        shown = [k for k, (_, dtype) in enumerate(fits) if dtype.kind in "fcV"]
        wanted = sorted(t)
        ts = [_full(t[i], (), None, xs[i]) for i in wanted]

        def pushed(*given: Tensor) -> list[Tensor]:
            some = _of_some(f, given[:n], wanted, shown)
            return list(jvp(some, tuple(given[i] for i in wanted), tuple(given[n:]))[1])

        return _handed(dict(zip(shown, _all_examples(pushed, [*xs, *ts]), strict=True)), t)


_EXAMPLES = _Examples("examples one by one")


def _of_some(f: Callable, all_of_them: Sequence[Tensor], wanted: list[int], shown: list[int]) -> Callable:
    """``f`` as a function of the operands ``wanted``, with the results ``shown``."""

    def some(*xs: Tensor) -> list[Tensor]:
        given = list(all_of_them)
        for i, x in zip(wanted, xs, strict=True):
            given[i] = x
        results = f(*given)
        return [results[k] for k in shown]

    return some


def _operands(arrays: tuple, node: Any) -> list[Tensor]:
    parents = node.parent.parents if node else (None,) * len(arrays)
    return [make(x, parent) for x, parent in zip(arrays, parents, strict=True)]


def _full(part: Any, shape: tuple[int, ...], dtype: Any, like: Tensor) -> Tensor:
    if part is None:
        held = like.data.held if isinstance(like.data, Batched) else like.data
        part = namespace(held).zeros(shape, dtype)
    return part if type(part) is Tensor else make(one_array(part, type(part)))


def _handed(found: dict[int, Tensor], given: Parts) -> Parts:
    """Tensors if the sweep is over Tensors, else arrays."""
    boxed = any(type(part) is Tensor for part in given.values())
    return Parts({k: t if boxed else t.data for k, t in found.items()})


# ---- rules ----


def one_by_one(rule: Callable) -> Callable:
    """A rule of a ``Joint``, called for each example if there is a batch among the parts."""

    @wraps(rule)
    def run(self: Any, parts: Parts, saved: Any, arrays: tuple, node: Any) -> Parts:
        level = newest(part.data if type(part) is Tensor else part for part in parts.values())
        if level is None:
            return rule(self, parts, saved, arrays, node)
        boxed = any(type(part) is Tensor for part in parts.values())
        if any(type(part) is Tensor and part.node is not None for part in parts.values()):
            raise TypeError(
                f"the derivative of {self.name} is not itself differentiated inside of vmap; differentiate "
                "it outside, or go through the examples in a loop"
            )
        found = []
        with _outside_of(level):
            for i in range(level.size):
                example = Parts({k: _example(part, level, i) for k, part in parts.items()})
                found.append(rule(self, example, saved, arrays, node))
        batches = {k: _batch([each[k] for each in found], level) for k in found[0]}
        return Parts({k: make(batch) if boxed else batch for k, batch in batches.items()})

    return run


# ---- in and out of batches ----


@contextmanager
def _outside_of(level: Level) -> Iterator[None]:
    """A block in which ``level`` and those inside of it are not under way."""
    active = levels.active
    levels.active = active[: active.index(level)]
    try:
        yield
    finally:
        levels.active = active


def _example(part: Any, level: Level, i: int) -> Any:
    """One example of a batch; a Tensor if ``part`` is one or if there is a graph beneath the batch."""
    data = part.data if type(part) is Tensor else part
    value = data
    if isinstance(data, Batched) and data.level is level:
        value = data.value[i] if data.mapped else data.value
    if type(value) is Tensor:
        return value
    array = one_array(value, type(data.held) if isinstance(data, Batched) else type(data))
    return make(array) if type(part) is Tensor else array


def _batch(parts: Sequence[Any], level: Level) -> Batched:
    tensors = [x if type(x) is Tensor else make(one_array(x, type(x))) for x in parts]
    return level.type(level, beneath(stack(tensors)), True)
