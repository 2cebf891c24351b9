"""Peak memory of a step on the CPU, whichever allocator it uses: the process's resident memory (Linux)."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def peak(step: Callable[[], Any]) -> int | None:
    """The most bytes that ``step`` holds at once beyond what is there before it, to about 0.1 MB.

    What the allocator keeps for reuse is given back first, so that the step has to ask for it again. None
    where the system doesn't tell.
    """
    gc.collect()
    _trim()
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return None
    before = _kilobytes("VmRSS")
    step()
    return 1024 * max(0, _kilobytes("VmHWM") - before)


def _trim() -> None:
    """Give freed memory back to the system, where the C library is glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
