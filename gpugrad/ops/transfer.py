"""Moving a Tensor to another device: only when asked, and differentiably."""

from __future__ import annotations

from typing import Any

from ..backend.device import Device
from ..backend.transfer import device_of, to_device
from ..core import linear, primitive
from ..core.batched import unbatched
from ..core.modes import special
from ..core.recorder import asked


@primitive
def _to(xp, x, *, device, origin):
    return to_device(x, device)


linear(_to, lambda g, *, device, origin: _to(g, device=origin, origin=device))


def to(x: Any, device: str | Device) -> Any:
    """``x`` on ``device``: a copy, or itself if it is there. Gradients travel back."""
    origin, device = device_of(x.data), Device.parse(device)
    return x if device == origin else _to(x, device=device, origin=origin)


def cpu(x: Any) -> Any:
    """``x`` on the CPU."""
    return to(x, "cpu")


def cuda(x: Any, index: int = 0) -> Any:
    """``x`` on a GPU."""
    return to(x, Device("cuda", index))


def numpy_of(x: Any) -> Any:
    """The data as a NumPy array, without gradient: the very array on the CPU, a copy from a GPU."""
    if special:
        asked(x, "numpy()")
    return to_device(unbatched(x.data, "an array of numbers"), "cpu")
