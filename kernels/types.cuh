// The type in which a kernel computes. Two-byte floats (float16, bfloat16) are a way to store numbers:
// sums, exponentials and products of them are taken in float. Going by the size instead of by name lets
// one file serve CuPy's classes and NVIDIA's (__half, __nv_bfloat16), and needs the header of neither.

template <typename T, int bytes = sizeof(T)> struct Compute { typedef T type; };
template <typename T> struct Compute<T, 2> { typedef float type; };
