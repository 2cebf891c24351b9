"""What changes how calls are recorded: ``no_grad``, anomaly detection, guarded arrays, recorders.

All of it belongs to one thread.

``special`` has one entry for every mode that is active in any thread. The fast paths test only that
list; when it is empty, which is nearly always, there is nothing else to ask.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator, nullcontext
from typing import Any

special: list[object] = []


class _State(threading.local):
    recording: Any = True  # or False, or a function that takes exception: see ``closed``
    anomaly = False
    guard = False
    recorders: tuple[Any, ...] = ()  # innermost last

    def __init__(self) -> None:
        self.outer: list[Any] = []  # what the modes that are active will set their fields back to


state = _State()


class Mode(ContextDecorator):
    """Sets one field of this thread's state inside a ``with`` block or a decorated function."""

    field: str
    value: Any

    def __enter__(self) -> None:
        state.outer.append(getattr(state, self.field))
        setattr(state, self.field, self.value)
        special.append(self)

    def __exit__(self, *exc: object) -> None:
        special.remove(self)
        setattr(state, self.field, state.outer.pop())


class no_grad(Mode):
    """Record nothing: results made inside need no gradient. Context manager and decorator."""

    field, value = "recording", False


class enable_grad(Mode):
    """Record again, inside a ``no_grad`` block."""

    field, value = "recording", True


class closed(Mode):
    """For an operation on a tensor that requires grad call ``meet(name)``, which has to raise.

    For code that is given all its operands detached: such a tensor has been closed over.
    """

    field = "recording"

    def __init__(self, meet: Callable[[str], None]) -> None:
        self.value = meet


class detect_anomaly(Mode):
    """Stop at the operation that first makes a NaN or an infinity, forward or backward.

    Raises :class:`FloatingPointError` with the operation, the line that called it, the shapes and the
    operand concerned. Slow: every result is looked at, which on CUDA waits for the device.
    """

    field, value = "anomaly", True


class guard_arrays(Mode):
    """Find NumPy or CuPy arrays that are written to between the forward and the backward pass.

    gpugrad knows its own writes; a write through an array that the user still holds would give a wrong
    gradient in silence. Inside this block, what a rule keeps is fingerprinted and checked when it is
    read (both passes must run inside). Slow: the data of every kept array goes through a checksum.
    """

    field, value = "guard", True


def recorded() -> AbstractContextManager:
    """A block in which calls are recorded. If they are anyway, no mode slows them down."""
    return nullcontext() if state.recording is True else enable_grad()


def is_grad_enabled() -> bool:
    """Whether calls in this thread are recorded."""
    return bool(state.recording)
