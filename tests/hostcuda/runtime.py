"""The CUDA runtime and driver under CuPy, played by host functions."""

import ctypes
import sysconfig

from .capsules import replace_functions
from .toolchain import NATIVE, shared_library

MEBIBYTE = 1 << 20
DEVICE_MEMORY = 2  # cudaMemoryTypeDevice

# An H200's, as far as code may ask; the memory is small so that running out of it can be tried.
PROPERTIES = {
    "name": b"hostcuda",
    "totalGlobalMem": 256 * MEBIBYTE,
    "sharedMemPerBlock": 48 << 10,
    "regsPerBlock": 65536,
    "warpSize": 32,
    "maxThreadsPerBlock": 1024,
    "maxThreadsDim": (1024, 1024, 64),
    "maxGridSize": (2**31 - 1, 65535, 65535),
    "clockRate": 1980000,
    "totalConstMem": 65536,
    "major": 9,
    "minor": 0,
    "textureAlignment": 512,
    "texturePitchAlignment": 32,
    "multiProcessorCount": 132,
    "computeMode": 0,
    "concurrentKernels": 1,
    "l2CacheSize": 50 * MEBIBYTE,
    "maxThreadsPerMultiProcessor": 2048,
    "pciBusID": 0,
    "memoryBusWidth": 6144,
    "memoryClockRate": 3201000,
    "ECCEnabled": 1,
    "integrated": 0,
    "cooperativeLaunch": 0,
}

# cudaDeviceAttr: the number of an attribute -> its value; any other is 0.
ATTRIBUTES = {
    1: 1024,  # threads in a block
    8: 48 << 10,  # shared memory of a block, without asking for more
    10: 32,  # threads in a warp
    16: 132,  # multiprocessors
    39: 2048,  # threads on a multiprocessor
    75: 9,  # compute capability, major
    76: 0,  # and minor
    97: 227 << 10,  # shared memory of a block that asks for it
    115: 1,  # memory pools
}


def load() -> ctypes.PyDLL:
    """Build and load the stand-in runtime: a PyDLL, because Cython would call its functions with the GIL."""
    include = sysconfig.get_paths()["include"]
    path = shared_library("libhostcuda.so", sorted(NATIVE.glob("*.cpp")), f"-I{include}", "-ldl")
    library = ctypes.PyDLL(str(path), ctypes.RTLD_GLOBAL)
    library.fk_set_hooks.argtypes = [ctypes.py_object]
    library.fk_set_hooks.restype = ctypes.py_object
    library.fk_counters.restype = ctypes.POINTER(ctypes.c_uint64)
    library.fk_set_total_mem.argtypes = [ctypes.c_size_t]
    library.fk_set_total_mem.restype = None
    library.fk_enqueue.argtypes = [ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.fk_enqueue.restype = None
    return library


def install(library: ctypes.PyDLL) -> None:
    """Put the stand-in under CuPy's lowest modules, which must be the only ones imported so far."""
    from cupy_backends.cuda.api import driver, runtime

    def pointer_attributes(pointer: int, device: int, memory_type: int):
        on_device, on_host = (pointer, 0) if memory_type == DEVICE_MEMORY else (0, pointer)
        return runtime.PointerAttributes(device, on_device, on_host, memory_type)

    library.fk_set_hooks(
        {
            "CUDARuntimeError": runtime.CUDARuntimeError,
            "CUDADriverError": driver.CUDADriverError,
            "attributes": ATTRIBUTES,
            "getDeviceProperties": lambda device: PROPERTIES | {"pciBusID": device},
            "pointerGetAttributes": pointer_attributes,
        }
    )
    replace_functions(runtime, library)
    replace_functions(driver, library)
