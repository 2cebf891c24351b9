"""Several GPUs: run a computation on the device that holds its operands."""

import functools
from collections.abc import Callable
from typing import Any

from . import cuda
from .transfer import require_same_device


def guard(implementation: Callable[..., Any]) -> Callable[..., Any]:
    """``implementation`` made to run on the GPU its arrays share, whichever one is current.

    CuPy runs on the current device: without this it reads the other device's memory where the hardware can,
    and fails where it cannot. With one GPU there is nothing to guard, and the engine does not pay for it.
    """

    @functools.wraps(implementation)
    def guarded(*operands: Any, **parameters: Any) -> Any:
        device = require_same_device(*operands)
        if device is None:
            return implementation(*operands, **parameters)
        with cuda.load().cuda.Device(device.index):
            return implementation(*operands, **parameters)

    return guarded
