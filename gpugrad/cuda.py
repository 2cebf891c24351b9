"""GPU memory, waiting, and whether there is a GPU at all. Every function here may be called without one."""

from .backend.cuda import CudaUnavailable as CudaUnavailable
from .backend.cuda import device_count as device_count
from .backend.cuda import is_available as is_available
from .backend.gemm import allow_tf32 as allow_tf32
from .backend.memory import empty_cache as empty_cache
from .backend.memory import max_memory_allocated as max_memory_allocated
from .backend.memory import memory_allocated as memory_allocated
from .backend.memory import reset_peak_memory_stats as reset_peak_memory_stats
from .backend.memory import synchronize as synchronize
