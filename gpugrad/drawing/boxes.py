"""What a drawing shows: boxes for operations, inputs, constants and results, and which feeds which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..backend.arrays import is_array
from ..backend.transfer import device_of
from ..transforms.make_graph import text_of

OPERATION, INPUT, CONSTANT, OUTPUT = "operation", "input", "constant", "output"

_SYMBOLS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "power": "^",
    "maximum": "max",
    "minimum": "min",
    "matmul": "@",
    "negative": "×−1",
    "reciprocal": "1/x",
    "square": "x²",
    "sqrt": "√",
    "absolute": "|x|",
    "sum": "Σ",
    "prod": "Π",
    "sigmoid": "σ",
    "greater": ">",
    "greater_equal": "≥",
    "less": "<",
    "less_equal": "≤",
    "equal": "=",
    "not_equal": "≠",
}
_COMMUTE = {"add", "multiply", "maximum", "minimum", "logaddexp", "hypot", "equal", "not_equal"}
_INFIX = {"+", "−", "×", "÷", "^", ">", "≥", "<", "≤", "=", "≠"}


@dataclass(slots=True)
class Box:
    """One thing in a drawing. ``operands`` are the numbers of the boxes that feed it, in order.

    ``value`` and ``gradient`` are lines for above and below the wire that leaves it. ``ordered``: whether
    its operands have to be told apart.
    """

    kind: str
    label: str
    note: str = ""
    value: list[str] = field(default_factory=list)
    gradient: list[str] = field(default_factory=list)
    operands: list[int] = field(default_factory=list)
    ordered: bool = False
    tooltip: str = ""


def operation(name: str, operands: list[int | str], note: str = "") -> Box:
    """The box of an operation, named as for the public. A string among the operands is a number, written into
    the label, as in ``+ 1`` and ``1 ÷``."""
    symbol = _SYMBOLS.get(name, name)
    wired = [x for x in operands if isinstance(x, int)]
    if len(wired) < len(operands):
        symbol, note = _with_numbers(symbol, operands, note)
    return Box(OPERATION, symbol, note, operands=wired, ordered=len(wired) > 1 and name not in _COMMUTE)


def _with_numbers(symbol: str, operands: list[int | str], note: str) -> tuple[str, str]:
    if symbol in _INFIX and len(operands) == 2:
        a, b = operands
        if isinstance(b, str) and not isinstance(a, str):
            return (f"x{_raised(b)}" if symbol == "^" and _raised(b) else f"{symbol} {b}"), note
        if isinstance(a, str) and not isinstance(b, str):
            return ("1/x" if (symbol, a) == ("÷", "1") else f"{a} {symbol}"), note
    given = ", ".join(x if isinstance(x, str) else "·" for x in operands)
    return symbol, ", ".join(filter(None, [f"({given})", note]))


def _raised(exponent: str) -> str:
    return {"2": "²", "3": "³"}.get(exponent, "")


def shortened(text: str, length: int = 28) -> str:
    """``text`` cut to ``length`` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def note_of(params: dict[str, Any]) -> str:
    """Parameters, but for those that say nothing by ``None`` or ``False``."""
    said = {key: x for key, x in params.items() if x is not None and x is not False}
    return shortened(", ".join(f"{key}={text_of(x, lambda v: '·')}" for key, x in said.items()))


def describe(name: str, x: Any) -> str:
    """The tooltip of an array, a Value or a Tensor."""
    return f"{name}: {x.dtype} {tuple(x.shape)} on {device_of(x) if is_array(x) else x.device}"
