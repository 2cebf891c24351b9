// Put a callable on a stream of the stand-in runtime.
#pragma once
#include <cstdint>

extern "C" void fk_enqueue(intptr_t stream, void (*work)(void*), void (*release)(void*), void* argument);

template <class Work>
int enqueue(intptr_t stream, Work work) {
  fk_enqueue(
      stream, [](void* p) { (*(Work*)p)(); }, [](void* p) { delete (Work*)p; }, new Work(work));
  return 0;  // "success" of cuBLAS, of cuFFT and of cuRAND
}
