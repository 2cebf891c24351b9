"""What this machine is: processor, memory, GPUs."""

import os
import platform
from pathlib import Path

from ..backend import Device, cuda


def processor() -> str:
    """The processor's name and how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{_processor_name()}, {cores} core{'s' * (cores > 1)}"


def memory() -> str:
    """The machine's memory."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    return _gib(size)


def describe(device: Device) -> str:
    """A device by the name of its hardware."""
    if device.type == "cpu":
        return processor()
    cupy = cuda.load()
    name = cupy.cuda.runtime.getDeviceProperties(device.index)["name"].decode()
    free, total = cupy.cuda.Device(device.index).mem_info
    return f"{name}, {_gib(total)} memory ({_gib(free)} free)"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
