"""draw: the graph of a computation as a picture, in the style of lectures on backpropagation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .core import Tensor, make
from .core.modes import recorded
from .drawing import dot as graphviz
from .drawing import png
from .drawing.boxes import Box
from .drawing.gradients import gradients_at, is_one_number, nodes_behind
from .drawing.of_function import function_boxes
from .drawing.of_tensor import tensor_boxes
from .drawing.scene import Scene, scene
from .drawing.svg import svg
from .files import write
from .transforms.inputs import name_of
from .transforms.traced import traced

FORMATS = ("svg", "png", "dot")
ENGINES = ("own", "dot")


def draw(
    tensor_or_function: Tensor | Callable,
    *args: Any,
    file: str | os.PathLike | None = None,
    format: str | None = None,
    gradients: bool = True,
    names: Mapping[str, Tensor] | None = None,
    digits: int = 3,
    engine: str = "own",
) -> Drawing:
    """A picture of how a Tensor, or the result of ``function(*args)``, comes about.

    From left to right, a circle or box for each operation. On the wire that leaves it stand the value in
    green above and the gradient of the result in red below: the elements of small arrays, the shape and the
    norm of larger ones. Gradients are those of one real number; of any other result none are drawn.

    A function shows every value that leads to its result, and its inputs by name: arrays, Tensors and floats
    in ``args``, not whole numbers. A Tensor shows the values that its graph kept for its rules.

    file: write the picture there too.
    format: ``"svg"``, ``"png"`` or ``"dot"`` (Graphviz's language); default: by the end of the file's name,
    else ``"svg"``.
    names: labels of other Tensors, such as parameters; those of a ``gpugrad.nn.Module`` have their own.
    digits: significant ones of values and gradients.
    engine: ``"own"`` layout, or ``"dot"``, Graphviz's, where that is installed.
    """
    format = _choice("format", format or (_suffix(file) if file is not None else "svg"), FORMATS)
    _choice("engine", engine, ENGINES)
    f, named = tensor_or_function, dict(names or {})
    if isinstance(f, Tensor):
        if args:
            raise TypeError("draw of a Tensor takes no arguments after it; they are for a function")
        title, boxes = "result", _of_tensor(f, named, gradients, digits)
    elif callable(f):
        if hasattr(f, "named_parameters"):
            named = {**dict(f.named_parameters()), **named}
        title, boxes = name_of(f), _of_function(f, args, named, gradients, digits)
    else:
        raise TypeError(f"draw takes a Tensor or a function, got {type(f).__name__}")
    drawing = Drawing(boxes, title, format, engine)
    if file is not None:
        drawing.save(file, format)
    return drawing


class Drawing:
    """A picture; notebooks show it. ``save(path)`` writes it, ``svg`` and ``dot`` are its texts."""

    def __init__(self, boxes: list[Box], title: str, format: str = "svg", engine: str = "own") -> None:
        self.boxes, self.title, self.format, self.engine = boxes, title, format, engine

    @cached_property
    def scene(self) -> Scene:
        """Shapes and their places in the own layout."""
        return scene(self.boxes)

    @cached_property
    def dot(self) -> str:
        """The picture in Graphviz's language."""
        return graphviz.dot(self.boxes, self.title)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        if self.engine == "dot":
            return graphviz.graphviz(self.dot, "svg").decode()
        return svg(self.scene, self.title)

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG: by matplotlib or, where that is not installed, by Graphviz."""
        if self.engine == "own" and png.is_available():
            return png.png(self.scene)
        if self.engine == "own" and not graphviz.is_installed():
            raise RuntimeError(
                'a PNG needs matplotlib, which is not installed; run: pip install "gpugrad[train]" '
                f'(or {graphviz.INSTALL}, or draw with format="svg", which needs nothing)'
            )
        return graphviz.graphviz(self.dot, "png")

    def save(self, path: str | os.PathLike, format: str | None = None) -> None:
        """Write the picture to ``path``: in ``format``, by default the one that the name ends with."""
        format = _choice("format", format or _suffix(path) or self.format, FORMATS)
        content = self.svg if format == "svg" else self.dot if format == "dot" else self.png
        write(Path(path), content if isinstance(content, bytes) else content.encode())

    def _repr_svg_(self) -> str | None:
        return None if self.format == "png" else self.svg

    def _repr_png_(self) -> bytes | None:
        return self.png if self.format == "png" else None

    def __repr__(self) -> str:
        return f"<drawing of {self.title}: {len(self.boxes)} boxes; .save(path) writes it>"


def _of_tensor(t: Tensor, named: Mapping[str, Tensor], gradients: bool, digits: int) -> list[Box]:
    if t.node is None:
        raise ValueError(
            "draw of a Tensor shows the graph behind it, and this one has none: make its operands with "
            "requires_grad=True, or draw the function that computes it, as in draw(f, x)"
        )
    nodes = nodes_behind([t])
    found = gradients_at(t, nodes) if gradients and is_one_number(t) else {}
    return tensor_boxes(t, nodes, named, found, digits)


def _of_function(
    f: Callable, args: tuple, named: Mapping[str, Tensor], gradients: bool, digits: int
) -> list[Box]:
    with recorded():
        run = traced(f, args, {}, _leaf)
    results = [t for t in run.results if isinstance(t, Tensor)]
    if not run.program.steps:
        raise ValueError(
            f"draw found no operation on a Tensor in {run.name}; floats, arrays and Tensors in the arguments "
            "become Tensors, whole numbers do not: write 2.0 for 2"
        )
    found: dict[Any, Any] = {}
    if gradients and len(results) == 1 and is_one_number(results[0]):
        found = gradients_at(results[0], nodes_behind(results))
    by_array = {id(t.data): name for name, t in named.items()}
    labels = dict(zip(run.program.inputs, run.input_names, strict=True))
    labels |= {v: by_array[id(v.array)] for v in run.program.outside if id(v.array) in by_array}
    return function_boxes(run, labels, found, digits)


def _leaf(array: Any, node: Any) -> Tensor:
    t = make(array)
    return t.requires_grad_() if array.dtype.kind in "fc" or array.dtype.name == "bfloat16" else t


def _suffix(file: str | os.PathLike) -> str:
    return Path(file).suffix.removeprefix(".").lower()


def _choice(name: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise ValueError(f"{name} has to be one of {', '.join(map(repr, known))}; got {given!r}")
    return given
