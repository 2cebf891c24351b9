"""Host memory that freed arrays leave to the next ones, instead of giving it back to the system.

A page of memory that comes new from the system costs a page fault when it is first written to. For the arrays
of megabytes that expressions make and drop, these faults can take longer than the arithmetic.
"""

import ctypes
from functools import cache
from typing import Any, ClassVar

import numpy as np

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # mallopt's parameters, as malloc.h has them
_MIB = 1 << 20
_LARGEST = (1024 * _MIB, 32 * _MIB)  # that are kept; older versions of glibc refuse more than the second
_THREAD_HEAP = 64 * _MIB  # a thread has several of these; an empty one goes unless the padding is as large
_ADJUSTED = {_MMAP_THRESHOLD: 32 * _MIB, _TRIM_THRESHOLD: 64 * _MIB, _TOP_PAD: _MIB >> 3}


def reuse_host_memory(enabled: bool) -> bool:
    """Keep the memory of freed arrays in this process for the next ones, or no longer; returns which it is.

    True takes effect where NumPy's memory comes from glibc (Linux; not musl, macOS or Windows, nor behind
    another allocator). Elsewhere nothing changes, and it returns False. Kept are arrays of up to 1 GiB, of
    32 MiB by older versions of glibc, and of less than 64 MiB in threads other than the first. The process
    holds what it once had in use; one whose arrays keep growing needs up to half as much memory again.

    False gives the free memory back to the system. From then on glibc keeps as much as it does by itself
    once it has met large arrays: its thresholds, once set, do not adjust themselves any more (mallopt(3)),
    so they are set to where that would end.
    """
    if not isinstance(enabled, bool):
        raise TypeError(f"reuse_host_memory takes True or False, got {enabled!r}")
    libc = _glibc()
    if libc is None:
        return False
    if enabled:
        taken = any(libc.mallopt(_MMAP_THRESHOLD, size) for size in _LARGEST)
        return taken and all((libc.mallopt(_TRIM_THRESHOLD, -1), libc.mallopt(_TOP_PAD, _THREAD_HEAP)))
    for parameter, value in _ADJUSTED.items():
        libc.mallopt(parameter, value)
    libc.malloc_trim(0)
    return False


class _Counts(ctypes.Structure):
    """What glibc's ``mallinfo`` returns: ten numbers about the memory it has handed out."""

    _fields_: ClassVar = [("numbers", ctypes.c_int * 10)]


@cache
def _glibc() -> Any:
    """The C library, if it is glibc and NumPy's memory comes from it; else None."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallinfo.restype = _Counts
        before = bytes(libc.mallinfo())
        array = np.empty(_MIB, np.uint8)  # goes unnoticed where another allocator, say jemalloc, is in front
        noticed = bytes(libc.mallinfo()) != before
        del array
    except (OSError, AttributeError):  # no such library, or one without these functions
        return None
    return libc if noticed else None
