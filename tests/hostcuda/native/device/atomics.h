// Atomics are plain: threads run one at a time and give way at barriers only.
#pragma once

template <class T>
inline T fk_replace(T* p, T value) {
  T old = *p;
  *p = value;
  return old;
}

// Overloads and no templates: CuPy's headers add their own for float16 and others.
#define FK_ATOMIC(T)                                                                                \
  inline T atomicAdd(T* p, T value) { return fk_replace<T>(p, *p + value); }                       \
  inline T atomicExch(T* p, T value) { return fk_replace<T>(p, value); }                           \
  inline T atomicCAS(T* p, T expected, T value) { return fk_replace<T>(p, *p == expected ? value : *p); }
#define FK_ATOMIC_INTEGER(T)                                                                       \
  FK_ATOMIC(T)                                                                                     \
  inline T atomicMax(T* p, T value) { return fk_replace<T>(p, *p < value ? value : *p); }          \
  inline T atomicMin(T* p, T value) { return fk_replace<T>(p, value < *p ? value : *p); }          \
  inline T atomicAnd(T* p, T value) { return fk_replace<T>(p, *p & value); }                       \
  inline T atomicOr(T* p, T value) { return fk_replace<T>(p, *p | value); }                        \
  inline T atomicXor(T* p, T value) { return fk_replace<T>(p, *p ^ value); }

FK_ATOMIC_INTEGER(int)
FK_ATOMIC_INTEGER(unsigned)
FK_ATOMIC_INTEGER(unsigned long long)
FK_ATOMIC(float)
FK_ATOMIC(double)
#undef FK_ATOMIC
#undef FK_ATOMIC_INTEGER

inline int atomicSub(int* p, int value) { return atomicAdd(p, -value); }
inline unsigned short atomicCAS(unsigned short* p, unsigned short expected, unsigned short value) {
  return fk_replace<unsigned short>(p, *p == expected ? value : *p);
}
