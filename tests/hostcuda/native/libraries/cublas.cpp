// The part of cuBLAS that CuPy's dot and matmul use: general matrix products, accumulated in double.
#include <complex>
#include <vector>

#include "enqueue.h"
#include "scalars.h"

struct Handle {
  intptr_t stream = 0;
  int pointer_mode = 0, math_mode = 0;
};

enum { kInvalidValue = 7 };                    // CUBLAS_STATUS_...
enum Operation { kNone, kTranspose, kConjugateTranspose };
enum { kCompute64F = 70, kCompute64FPedantic };  // CUBLAS_COMPUTE_...

struct Matrix {
  const void* data;
  DataType type;
  int leading;
  int operation;

  // Element (row, column) of the operand after its operation; cuBLAS stores columns.
  Complex at(int64_t row, int64_t column) const {
    if (operation == kNone) return load(data, type, row + column * leading);
    Complex value = load(data, type, column + row * leading);
    return operation == kConjugateTranspose ? std::conj(value) : value;
  }
  Matrix operator+(int64_t elements) const {
    return {(const char*)data + elements * size_of(type), type, leading, operation};
  }
};

struct Product {
  int m, n, k;
  Complex alpha, beta;

  void operator()(Matrix a, Matrix b, Matrix c) const {
    std::vector<Complex> column(k);
    for (int j = 0; j < n; j++) {
      for (int l = 0; l < k; l++) column[l] = b.at(l, j);
      for (int i = 0; i < m; i++) {
        Complex sum = 0;
        for (int l = 0; l < k; l++) sum += a.at(i, l) * column[l];
        // With beta == 0 the old value is not read: it may be NaN.
        Complex value = beta == 0.0 ? alpha * sum : alpha * sum + beta * c.at(i, j);
        store((void*)c.data, c.type, i + (int64_t)j * c.leading, value);
      }
    }
  }
};

// alpha and beta have the compute type, which follows from the result's but for two cases.
static DataType scalar_type(int compute, int result) {
  if (result == kComplex64 || result == kComplex128 || result == kFloat64) return (DataType)result;
  return compute == kCompute64F || compute == kCompute64FPedantic ? kFloat64 : kFloat32;
}

static bool leading_dimensions_fit(const Product& product, Matrix a, Matrix b, Matrix c) {
  return a.leading >= (a.operation ? product.k : product.m) &&
         b.leading >= (b.operation ? product.n : product.k) && c.leading >= product.m;
}

extern "C" {

int cublasCreate_v2(Handle** handle) {
  *handle = new Handle;
  return 0;
}
int cublasDestroy_v2(Handle* handle) {
  delete handle;
  return 0;
}
int cublasGetVersion_v2(Handle*, int* version) {
  *version = 130000;
  return 0;
}
int cublasSetStream_v2(Handle* handle, intptr_t stream) {
  handle->stream = stream;
  return 0;
}
int cublasGetStream_v2(Handle* handle, intptr_t* stream) {
  *stream = handle->stream;
  return 0;
}
int cublasSetPointerMode_v2(Handle* handle, int mode) {
  handle->pointer_mode = mode;
  return 0;
}
int cublasGetPointerMode_v2(Handle* handle, int* mode) {
  *mode = handle->pointer_mode;
  return 0;
}
int cublasSetMathMode(Handle* handle, int mode) {
  handle->math_mode = mode;
  return 0;
}
int cublasGetMathMode(Handle* handle, int* mode) {
  *mode = handle->math_mode;
  return 0;
}
int cublasSetWorkspace_v2(Handle*, void*, size_t) { return 0; }

int cublasGemmStridedBatchedEx(Handle* handle, int transa, int transb, int m, int n, int k,
                               const void* alpha, const void* A, int typea, int lda, long long stridea,
                               const void* B, int typeb, int ldb, long long strideb, const void* beta,
                               void* C, int typec, int ldc, long long stridec, int batch, int compute,
                               int /*algorithm*/) {
  DataType scalar = scalar_type(compute, typec);
  Product product{m, n, k, load(alpha, scalar, 0), load(beta, scalar, 0)};
  Matrix a{A, (DataType)typea, lda, transa}, b{B, (DataType)typeb, ldb, transb};
  Matrix c{C, (DataType)typec, ldc, kNone};
  if (!leading_dimensions_fit(product, a, b, c)) return kInvalidValue;
  return enqueue(handle->stream, [=] {
    for (int i = 0; i < batch; i++) product(a + i * stridea, b + i * strideb, c + i * stridec);
  });
}

int cublasGemmEx(Handle* handle, int transa, int transb, int m, int n, int k, const void* alpha,
                 const void* A, int typea, int lda, const void* B, int typeb, int ldb, const void* beta,
                 void* C, int typec, int ldc, int compute, int algorithm) {
  return cublasGemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, A, typea, lda, 0, B, typeb,
                                    ldb, 0, beta, C, typec, ldc, 0, 1, compute, algorithm);
}

#define FK_GEMM(LETTER, TYPE)                                                                          \
  int cublas##LETTER##gemm_v2(Handle* handle, int transa, int transb, int m, int n, int k,             \
                              const void* alpha, const void* A, int lda, const void* B, int ldb,       \
                              const void* beta, void* C, int ldc) {                                    \
    return cublasGemmEx(handle, transa, transb, m, n, k, alpha, A, TYPE, lda, B, TYPE, ldb, beta, C,   \
                        TYPE, ldc, 0, 0);                                                              \
  }                                                                                                    \
  int cublas##LETTER##gemmStridedBatched(                                                              \
      Handle* handle, int transa, int transb, int m, int n, int k, const void* alpha, const void* A,   \
      int lda, long long stridea, const void* B, int ldb, long long strideb, const void* beta,         \
      void* C, int ldc, long long stridec, int batch) {                                                \
    return cublasGemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, A, TYPE, lda, stridea,   \
                                      B, TYPE, ldb, strideb, beta, C, TYPE, ldc, stridec, batch, 0, 0);\
  }                                                                                                    \
  int cublas##LETTER##gemmBatched(Handle* handle, int transa, int transb, int m, int n, int k,         \
                                  const void* alpha, void** A, int lda, void** B, int ldb,             \
                                  const void* beta, void** C, int ldc, int batch) {                    \
    Product product{m, n, k, load(alpha, TYPE, 0), load(beta, TYPE, 0)};                               \
    return enqueue(handle->stream, [=] { /* the lists of pointers are device memory */                 \
      for (int i = 0; i < batch; i++)                                                                  \
        product({A[i], TYPE, lda, transa}, {B[i], TYPE, ldb, transb}, {C[i], TYPE, ldc, kNone});       \
    });                                                                                                \
  }

FK_GEMM(S, kFloat32)
FK_GEMM(D, kFloat64)
FK_GEMM(C, kComplex64)
FK_GEMM(Z, kComplex128)

}  // extern "C"
