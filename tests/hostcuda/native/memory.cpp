// Device memory is host memory: poisoned when fresh and when freed, and counted against a limit.
#include <cstdlib>
#include <cstring>
#include <map>

#include "host.h"

// A float, double or half of these bytes is NaN and an integer is -1.
static const int kFresh = 0xFF, kFreed = 0xFE;
static const size_t kAlignment = 512;  // cudaMalloc's

struct Block {
  size_t size;
  int device;
};
static std::map<intptr_t, Block> device_blocks;
static std::map<intptr_t, size_t> pinned_blocks;
static size_t used = 0;
static size_t total = 256u << 20;
static const bool exact_sizes = switch_value("FK_EXACT", 0);

template <class Blocks>
static auto block_of(Blocks& blocks, intptr_t pointer) {
  auto block = blocks.upper_bound(pointer);
  return block == blocks.begin() ? blocks.end() : --block;
}

int device_of_pointer(intptr_t pointer) {
  auto block = block_of(device_blocks, pointer);
  bool inside = block != device_blocks.end() && pointer < block->first + (intptr_t)block->second.size;
  return inside ? block->second.device : -1;
}

enum MemoryType { kPageable = 0, kPinned = 1, kDevice = 2 };  // cudaMemoryType...

static MemoryType memory_type(intptr_t pointer) {
  if (device_of_pointer(pointer) >= 0) return kDevice;
  auto block = block_of(pinned_blocks, pointer);
  bool inside = block != pinned_blocks.end() && pointer < block->first + (intptr_t)block->second;
  return inside ? kPinned : kPageable;
}

static intptr_t allocate(size_t size) {
  if (size == 0) return 0;
  // Whole units, as cudaMalloc hands out; FK_EXACT=1 lets AddressSanitizer see the last byte.
  size_t reserved = exact_sizes ? size : (size + kAlignment - 1) / kAlignment * kAlignment;
  void* pointer = nullptr;
  if (used + size > total || posix_memalign(&pointer, kAlignment, reserved)) {
    fail(kMemoryAllocation);
    return 0;
  }
  memset(pointer, kFresh, reserved);
  device_blocks[(intptr_t)pointer] = {size, current_device()};
  used += size;
  counters.mallocs++;
  return (intptr_t)pointer;
}

static void release(intptr_t pointer) {
  auto block = device_blocks.find(pointer);
  if (block == device_blocks.end()) return;
  used -= block->second.size;
  memset((void*)pointer, kFreed, block->second.size);
  free((void*)pointer);
  device_blocks.erase(block);
}

extern "C" {

PyObject* fk_deviceSynchronize(SkipDispatch);

void fk_set_total_mem(size_t size) { total = size; }

PyObject* fk_memGetInfo(SkipDispatch) {
  size_t available = used < total ? total - used : 0;
  return Py_BuildValue("(nn)", (Py_ssize_t)available, (Py_ssize_t)total);
}

intptr_t fk_malloc(size_t size, SkipDispatch) { return allocate(size); }
intptr_t fk_mallocAsync(size_t size, intptr_t, SkipDispatch) { return allocate(size); }

PyObject* fk_free(intptr_t pointer, SkipDispatch) {
  PyObject* synchronised = fk_deviceSynchronize(0);  // as cudaFree does
  if (synchronised) release(pointer);
  return synchronised;
}

PyObject* fk_freeAsync(intptr_t pointer, intptr_t stream, SkipDispatch) {
  enqueue(stream_of(stream), [pointer] { release(pointer); });
  return none();
}

intptr_t fk_hostAlloc(size_t size, unsigned, SkipDispatch) {
  void* pointer = nullptr;
  if (posix_memalign(&pointer, kAlignment, size ? size : 1)) {
    fail(kMemoryAllocation);
    return 0;
  }
  pinned_blocks[(intptr_t)pointer] = size;
  return (intptr_t)pointer;
}

PyObject* fk_freeHost(intptr_t pointer, SkipDispatch) {
  pinned_blocks.erase(pointer);
  free((void*)pointer);
  return none();
}

int fk_pointerGetMemoryType(intptr_t pointer, SkipDispatch) {
  return memory_type(pointer);
}

PyObject* fk_pointerGetAttributes(intptr_t pointer, SkipDispatch) {
  return PyObject_CallFunction(hook("pointerGetAttributes"), "nii", (Py_ssize_t)pointer,
                               device_of_pointer(pointer), memory_type(pointer));
}

// Any handle will do: there is one pool and nobody looks inside.
intptr_t fk_deviceGetDefaultMemPool(int, SkipDispatch) { return 1; }
intptr_t fk_deviceGetMemPool(int, SkipDispatch) { return 1; }

PyObject* fk_memcpy(intptr_t to, intptr_t from, size_t size, int, SkipDispatch) {
  if (capturing_on_blocking_stream()) return fail(kCaptureImplicit);
  legacy_barrier();
  memmove((void*)to, (void*)from, size);
  counters.memcpys++;
  counters.syncs++;
  return none();
}

PyObject* fk_memcpyAsync(intptr_t to, intptr_t from, size_t size, int, intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  counters.memcpys++;
  if (!stream->capturing && memory_type(from) == kPageable) {
    // Staged: the caller may write to its memory at once.
    std::vector<char> staged((char*)from, (char*)from + size);
    enqueue(stream, [=] { memcpy((void*)to, staged.data(), size); });
    return none();
  }
  enqueue(stream, [=] { memmove((void*)to, (void*)from, size); });
  if (!stream->capturing && memory_type(to) == kPageable) {
    // Into pageable memory even the "async" copy returns when it is done.
    drain(stream);
    counters.syncs++;
  }
  return none();
}

PyObject* fk_memcpyPeer(intptr_t to, int, intptr_t from, int, size_t size, SkipDispatch) {
  return fk_memcpy(to, from, size, 0, 0);
}

PyObject* fk_memcpyPeerAsync(intptr_t to, int, intptr_t from, int, size_t size, intptr_t stream,
                             SkipDispatch) {
  return fk_memcpyAsync(to, from, size, 0, stream, 0);
}

PyObject* fk_memset(intptr_t to, int value, size_t size, SkipDispatch) {
  legacy_barrier();
  memset((void*)to, value, size);
  return none();
}

PyObject* fk_memsetAsync(intptr_t to, int value, size_t size, intptr_t stream, SkipDispatch) {
  enqueue(stream_of(stream), [=] { memset((void*)to, value, size); });
  return none();
}

}  // extern "C"
