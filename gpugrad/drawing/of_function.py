"""The boxes of a function: the part of its program that leads to the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.program import CONSTANT as FIXED
from ..core.program import Call, Program, Sample, Value, Write, values_in
from ..transforms.make_graph import changed, public_name, text_of
from ..transforms.traced import Traced
from .boxes import CONSTANT, INPUT, OUTPUT, Box, describe, note_of, operation, shortened
from .numbers import elements, gradient_lines, value_lines


class _Boxes:
    """Boxes by the value that leaves them."""

    def __init__(self, names: Mapping[Value, str], gradients: Mapping[Any, Any], digits: int) -> None:
        self.names, self.gradients, self.digits = names, gradients, digits
        self.boxes: list[Box] = []
        self.numbers: dict[Value, int] = {}

    def add(self, box: Box, value: Value, name: str) -> None:
        box.value = value_lines(value.array, self.digits)
        if value.node in self.gradients:
            box.gradient = gradient_lines(self.gradients[value.node], self.digits)
        box.tooltip = describe(name, value)
        self.numbers[value] = len(self.boxes)
        self.boxes.append(box)

    def wire(self, x: Any) -> int | str:
        """The number of the box that an operand comes from; numbers are written where they are used."""
        if not isinstance(x, Value):
            return shortened(text_of(x, lambda v: "·"), 12)
        if x.kind == FIXED and x.shape == () and x not in self.names:
            return (elements(x.array, self.digits) or ["·"])[0]
        if x not in self.numbers:
            kind = CONSTANT if x.kind == FIXED else INPUT
            name = self.names.get(x, x.kind)
            self.add(Box(kind, shortened(name)), x, name)
        return self.numbers[x]

    def step(self, step: Any) -> None:
        """The box of a call, a write or random numbers."""
        if isinstance(step, Write):
            name, params, results = public_name(step.function or "write"), step.params, step.results
            operands = step.operands or step.targets
        elif isinstance(step, Sample):
            name, params, results = public_name(step.function), step.params, (step.result,)
            operands = ()
        else:
            name, params, results = public_name(step.primitive), changed(step), (step.result,)
            operands = step.operands
        note = note_of(params)
        wires = [self.wire(x) for x in (*operands, *values_in(params))]
        self.add(operation(name, wires, note), results[0], name)
        for value in results[1:]:
            self.numbers[value] = self.numbers[results[0]]


def function_boxes(
    run: Traced, names: Mapping[Value, str], gradients: Mapping[Any, Any], digits: int
) -> list[Box]:
    """Boxes of a recorded run. ``names`` has those of values, ``gradients`` arrays by node."""
    program = run.program
    made = _Boxes(names, gradients, digits)
    for step in _needed(program):
        made.step(step)
    name = "f" if run.name == "<lambda>" else run.name
    many = len(run.output_names) > 1
    for path, value in zip(run.output_names, program.outputs, strict=True):
        if isinstance(value, Value):
            label = name + path.removeprefix("result") if many else name
            wires = [i for i in [made.wire(value)] if isinstance(i, int)]
            made.boxes.append(Box(OUTPUT, shortened(label), operands=wires, tooltip=describe(label, value)))
    return made.boxes


def _needed(program: Program) -> list[Any]:
    """The steps that the outputs depend on."""
    wanted = {v for v in program.outputs if isinstance(v, Value)}
    steps = []
    for step in reversed(program.steps):
        if isinstance(step, Write):
            results, read = step.results, values_in((step.operands, step.params, step.targets))
        elif isinstance(step, Sample):
            results, read = (step.result,), []
        elif isinstance(step, Call):
            results, read = (step.result,), values_in((step.operands, step.params))
        else:
            continue
        if wanted.intersection(results):
            wanted.update(read)
            steps.append(step)
    return steps[::-1]
