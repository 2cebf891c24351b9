// CuPy's float16 chooses its code by nvcc's version; g++ has none, and must not keep this one.
#pragma once
#pragma push_macro("__CUDACC_VER_MAJOR__")
#define __CUDACC_VER_MAJOR__ 13
#include_next <cupy/float16.cuh>
#pragma pop_macro("__CUDACC_VER_MAJOR__")
