"""The peak of device memory, by a hook in CuPy's pool. Imported when the first peak is asked for."""

import threading

import cupy as cp


class PeakMemory(cp.cuda.MemoryHook):
    """Follows what one thread allocates and frees, for each device."""

    name = "gpugrad.PeakMemory"

    def __init__(self) -> None:
        self._live: dict[int, int] = {}
        self._peak: dict[int, int] = {}

    def malloc_postprocess(self, *, device_id: int, mem_size: int, mem_ptr: int, **_: int) -> None:
        if mem_ptr:  # 0 when the device had no memory left
            live = self._live[device_id] = self._live.get(device_id, 0) + mem_size
            self._peak[device_id] = max(self._peak.get(device_id, 0), live)

    def free_postprocess(self, *, device_id: int, mem_size: int, **_: int) -> None:
        self._live[device_id] = self._live.get(device_id, 0) - mem_size

    def reset(self, used: int) -> None:
        """Begin again on the current device, where ``used`` bytes are in use."""
        device = cp.cuda.runtime.getDevice()
        self._live[device] = self._peak[device] = used

    def read(self, used: int) -> int:
        """The peak on the current device; ``used`` corrects for what other threads allocated and freed."""
        device = cp.cuda.runtime.getDevice()
        self._live[device] = used
        self._peak[device] = max(self._peak.get(device, 0), used)
        return self._peak[device]


class _Thread(threading.local):
    """CuPy keeps its hooks by thread; the first use in a thread puts one in place, for good."""

    def __init__(self) -> None:
        self.hook = PeakMemory()
        self.hook.__enter__()


_thread = _Thread()


def of_this_thread() -> PeakMemory:
    return _thread.hook
