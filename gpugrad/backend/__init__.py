"""NumPy and CuPy behind one face: the only room that knows there are two, and that imports CuPy."""

from .arrays import array_types as array_types
from .arrays import as_dtype as as_dtype
from .arrays import bfloat16 as bfloat16
from .arrays import is_array as is_array
from .arrays import namespace as namespace
from .arrays import namespace_of_type as namespace_of_type
from .cuda import CudaUnavailable as CudaUnavailable
from .device import Device as Device
from .device import default_device as default_device
from .device import set_default_device as set_default_device
from .device import using_device as using_device
from .dlpack import from_dlpack as from_dlpack
from .dlpack import to_dlpack as to_dlpack
from .gemm import matmul as matmul
from .guard import guard as guard
from .transfer import asarray as asarray
from .transfer import device_of as device_of
from .transfer import require_same_device as require_same_device
from .transfer import to_device as to_device
