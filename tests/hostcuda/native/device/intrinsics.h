// CUDA's mathematical and bit functions that C++ lacks.
#pragma once

using std::abs;

// ---- mathematics ----

inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrt(float x) { return 1.0f / sqrt(x); }
inline float rsqrtf(float x) { return rsqrt(x); }
inline double rcbrt(double x) { return 1.0 / cbrt(x); }
inline double sinpi(double x) { return sin(M_PI * x); }
inline double cospi(double x) { return cos(M_PI * x); }
inline float sinpif(float x) { return sinpi(x); }
inline float cospif(float x) { return cospi(x); }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
inline float normcdff(float x) { return normcdf(x); }

// Newton's method on erf, from a start that is right to a few per cent.
inline double erfinv(double y) {
  double tail = -log((1 - y) * (1 + y));
  double x = y * (tail < 5 ? 0.886 + 0.2 * tail : sqrt(tail));
  for (int i = 0; i < 50; i++) x -= (erf(x) - y) / (M_2_SQRTPI * exp(-x * x));
  return x;
}
inline double normcdfinv(double p) { return M_SQRT2 * erfinv(2 * p - 1); }
inline double erfcinv(double y) { return erfinv(1 - y); }
inline float erfinvf(float y) { return erfinv(y); }
inline float erfcinvf(float y) { return erfcinv(y); }

// exp(x * x) * erfc(x), by its asymptotic series where the first factor would overflow.
inline double erfcx(double x) {
  if (x < 20) return exp(x * x) * erfc(x);
  double t = 1 / (2 * x * x);
  return M_2_SQRTPI / 2 / x * (1 - t * (1 - 3 * t * (1 - 5 * t)));
}
inline float erfcxf(float x) { return erfcx(x); }

inline double cyl_bessel_i0(double x) { return std::cyl_bessel_i(0.0, fabs(x)); }
inline double cyl_bessel_i1(double x) { return copysign(std::cyl_bessel_i(1.0, fabs(x)), x); }
inline float cyl_bessel_i0f(float x) { return cyl_bessel_i0(x); }
inline float cyl_bessel_i1f(float x) { return cyl_bessel_i1(x); }

// The fast ones are as exact here as the others.
inline float __expf(float x) { return exp(x); }
inline float __logf(float x) { return log(x); }
inline float __sinf(float x) { return sin(x); }
inline float __cosf(float x) { return cos(x); }
inline float __powf(float x, float y) { return pow(x, y); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return sqrt(a); }
inline float __frsqrt_rn(float a) { return rsqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return fma(a, b, c); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

#define FK_MIN_MAX(T)                               \
  inline T min(T a, T b) { return b < a ? b : a; } \
  inline T max(T a, T b) { return a < b ? b : a; }
FK_MIN_MAX(int)
FK_MIN_MAX(unsigned)
FK_MIN_MAX(long)
FK_MIN_MAX(unsigned long)
FK_MIN_MAX(long long)
FK_MIN_MAX(unsigned long long)
#undef FK_MIN_MAX

inline float min(float a, float b) { return fmin(a, b); }
inline float max(float a, float b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline unsigned min(int a, unsigned b) { return min((unsigned)a, b); }
inline unsigned min(unsigned a, int b) { return min(a, (unsigned)b); }
inline unsigned max(int a, unsigned b) { return max((unsigned)a, b); }
inline unsigned max(unsigned a, int b) { return max(a, (unsigned)b); }

// ---- bits ----

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }

inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned long long)a * b >> 32; }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned __int128)a * b >> 64;
}

template <class To, class From>
inline To fk_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
inline int __float_as_int(float x) { return fk_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return fk_bits<unsigned>(x); }
inline float __int_as_float(int x) { return fk_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return fk_bits<float>(x); }
inline long long __double_as_longlong(double x) { return fk_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return fk_bits<double>(x); }

inline int __float2int_rn(float x) { return (int)rint(x); }
inline int __double2int_rn(double x) { return (int)rint(x); }
inline float __double2float_rn(double x) { return (float)x; }

// ---- memory ----

template <class T>
inline T __ldg(const T* p) {
  return *p;
}
template <class T>
inline T __ldcs(const T* p) {
  return *p;
}
template <class T>
inline void __stcs(T* p, T value) {
  *p = value;
}
#define __threadfence()
#define __threadfence_block()
