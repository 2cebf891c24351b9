"""Devices by name, and which one new arrays go to."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from . import cuda

_ACCEPTED = '"cpu", "cuda" or "cuda:N"'


@dataclass(frozen=True, slots=True)
class Device:
    """A place for arrays: the host, or one GPU. ``str`` gives ``cpu`` or ``cuda:0``."""

    type: Literal["cpu", "cuda"]
    index: int = 0

    CPU: ClassVar["Device"]

    def __str__(self) -> str:
        return "cpu" if self.type == "cpu" else f"cuda:{self.index}"

    @classmethod
    def parse(cls, device: "str | Device") -> "Device":
        """The device of that name; ``"cuda"`` is the first GPU. Whether it exists is not asked."""
        if isinstance(device, Device):
            return device
        if device == "cpu":
            return cls.CPU
        gpu = re.fullmatch(r"cuda(?::(\d+))?", device) if isinstance(device, str) else None
        if gpu is None:
            raise ValueError(f"expected a device, {_ACCEPTED}, got {device!r}")
        return cls("cuda", int(gpu[1] or 0))


Device.CPU = Device("cpu")


def usable(device: str | Device) -> Device:
    """That device, once it is certain that arrays can be put there."""
    device = Device.parse(device)
    if device.type == "cuda":
        cuda.load()
        count = cuda.device_count()
        if device.index >= count:
            raise ValueError(
                f"there is no device {device}: CUDA shows {count} device{'s' * (count > 1)}, "
                f"numbered from cuda:0; look at CUDA_VISIBLE_DEVICES if one is missing"
            )
    return device


# ---- the default: the thread's, else the process's, else the environment's, else the best there is ----

_process_default: Device | None = None


class _Thread(threading.local):
    default: Device | None = None


_thread = _Thread()


def default_device() -> Device:
    """Where new arrays go.

    The innermost ``using_device`` of this thread decides, then ``set_default_device``, then the environment
    variable GPUGRAD_DEVICE (``cpu``, ``cuda``, ``cuda:1``, ``auto``); left to itself, CUDA where it works.
    """
    return _thread.default or _process_default or _from_environment()


def set_default_device(device: str | Device | None) -> None:
    """Make ``device`` the default of the whole process; None gives the choice back to GPUGRAD_DEVICE."""
    global _process_default
    _process_default = None if device is None else usable(device)


@contextlib.contextmanager
def using_device(device: str | Device) -> Iterator[Device]:
    """Make ``device`` the default of this thread within a ``with`` block."""
    before = _thread.default
    _thread.default = usable(device)
    try:
        yield _thread.default
    finally:
        _thread.default = before


def _from_environment() -> Device:
    wish = os.environ.get("GPUGRAD_DEVICE") or "auto"
    if wish == "auto":
        return Device("cuda") if cuda.is_available() else Device.CPU
    try:
        device = Device.parse(wish)
    except ValueError:
        raise ValueError(
            f'the environment variable GPUGRAD_DEVICE takes {_ACCEPTED}, or "auto", got {wish!r}'
        ) from None
    return usable(device)
