// Reading and writing one number of any of the libraries' types.
#pragma once
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>

using Complex = std::complex<double>;

// cudaDataType_t
enum DataType {
  kFloat32 = 0,
  kFloat64 = 1,
  kFloat16 = 2,
  kComplex64 = 4,
  kComplex128 = 5,
  kBfloat16 = 14,
};

inline float float_of_bfloat16(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint16_t bfloat16_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (std::isnan(value)) return bits >> 16 | 64;  // rounding could carry a NaN into an infinity
  bits += 0x7fff + (bits >> 16 & 1);              // to nearest, ties to even
  return bits >> 16;
}

inline size_t size_of(DataType type) {
  switch (type) {
    case kFloat32: return 4;
    case kFloat64: return 8;
    case kComplex64: return 8;
    case kComplex128: return 16;
    default: return 2;
  }
}

inline Complex load(const void* data, DataType type, int64_t i) {
  switch (type) {
    case kFloat32: return ((const float*)data)[i];
    case kFloat64: return ((const double*)data)[i];
    case kFloat16: return (float)((const _Float16*)data)[i];
    case kBfloat16: return float_of_bfloat16(((const uint16_t*)data)[i]);
    case kComplex64: return ((const std::complex<float>*)data)[i];
    case kComplex128: return ((const Complex*)data)[i];
  }
  return NAN;  // an integer type: no caller may take the result for right
}

inline void store(void* data, DataType type, int64_t i, Complex value) {
  switch (type) {
    case kFloat32: ((float*)data)[i] = value.real(); return;
    case kFloat64: ((double*)data)[i] = value.real(); return;
    case kFloat16: ((_Float16*)data)[i] = (_Float16)(float)value.real(); return;
    case kBfloat16: ((uint16_t*)data)[i] = bfloat16_of_float(value.real()); return;
    case kComplex64: ((std::complex<float>*)data)[i] = std::complex<float>(value); return;
    case kComplex128: ((Complex*)data)[i] = value; return;
  }
}
