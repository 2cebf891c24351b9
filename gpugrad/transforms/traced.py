"""Running a function under a recorder: its program, with names for what goes in and comes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import optree

from ..backend.arrays import is_array
from ..backend.transfer import asarray
from ..core import Tensor
from ..core.program import Program
from ..core.recorder import Recorder
from .flat import common_device
from .inputs import name_of


class Traced(NamedTuple):
    """A recorded run. ``results`` are the leaves of what the function returned."""

    name: str
    program: Program
    input_names: list[str]
    output_names: list[str]
    results: list[Any]


def traced(
    f: Callable, args: tuple, kwargs: Mapping[str, Any], handle: Callable[[Any, Any], Tensor]
) -> Traced:
    """Run ``f`` once and record it.

    Arrays, Tensors, and Python and NumPy floats among the leaves of the arguments are inputs of the program;
    whole numbers, strings and the like are part of it. ``handle(array, node)`` makes the Tensor that ``f``
    gets for one; ``node`` is ``None`` but for a Tensor that requires grad.
    """
    tree: Any = (args, dict(kwargs))
    accessors, leaves, spec = optree.tree_flatten_with_accessor(tree)
    device = common_device(tree)

    def as_array(x: Any) -> Any:  # a number goes to where the arrays are
        return asarray(x, device=None if is_array(x) else device)

    positions = _positions(f, len(args))
    names: list[str] = []
    taken: set[int] = set()
    with Recorder() as recorder:
        for i, (accessor, leaf) in enumerate(zip(accessors, leaves, strict=True)):
            if not isinstance(leaf, (Tensor, float, complex, np.generic)) and not is_array(leaf):
                continue
            array, node = (leaf.data, leaf.node) if isinstance(leaf, Tensor) else (as_array(leaf), None)
            if id(array) in taken:  # one array given twice is two inputs all the same
                array = array.view()
            taken.add(id(array))
            leaves[i] = t = handle(array, node)
            recorder.input(t.data, t.node)
            place: Any = accessor[1].entry
            root = positions[place] if accessor[0].entry == 0 else place
            names.append(accessor[2:].codify(root))
        given, named = optree.tree_unflatten(spec, leaves)
        paths, results, _ = optree.tree_flatten_with_accessor(f(*given, **named))
        for x in results:
            recorder.output(x.data if isinstance(x, Tensor) else x)
    return Traced(name_of(f), recorder.program, names, [path.codify("result") for path in paths], results)


def _positions(f: Callable, count: int) -> list[str]:
    """Names of the first ``count`` positional arguments."""
    try:
        # That of a Module stands in its forward.
        parameters = list(inspect.signature(getattr(f, "forward", f)).parameters.values())
    except (TypeError, ValueError):  # some functions written in C have none
        parameters = []
    names: list[str] = []
    for p in parameters[:count]:
        if p.kind is p.VAR_POSITIONAL:
            names += [f"{p.name}[{i}]" for i in range(count - len(names))]
            break
        names.append(p.name)
    return names + [f"argument{i}" for i in range(len(names), count)]
