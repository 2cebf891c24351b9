// What the parts of the stand-in runtime share: errors, counters, streams and queued work.
#pragma once
#include <Python.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "abi.h"

// CuPy declares the replaced functions `cpdef`, so Cython passes one more argument at the end.
using SkipDispatch = int;

enum CudaError {
  kInvalidValue = 1,
  kMemoryAllocation = 2,
  kInvalidDevice = 101,
  kIllegalState = 401,
  kNotFound = 500,
  kNotReady = 600,
  kCaptureUnsupported = 900,
  kCaptureInvalidated = 901,
  kCaptureImplicit = 906,
};

// The Python object registered under `name` by hostcuda (borrowed).
PyObject* hook(const char* name);

// Set CUDARuntimeError (or CUDADriverError) with `code`; the null is for `return fail(...)`.
PyObject* fail(int code);
PyObject* fail_driver(int code);

inline PyObject* none() { return Py_NewRef(Py_None); }

struct Counters {
  uint64_t launches, mallocs, memcpys, syncs;
};
extern Counters counters;

int switch_value(const char* name, int otherwise);

using Operation = std::function<void()>;

struct Graph {
  std::vector<Operation> operations;
};

struct Stream {
  bool nonblocking = false;
  bool capturing = false, capture_origin = false, capture_failed = false;
  Graph* graph = nullptr;         // being captured
  std::vector<Stream*> joined;    // streams that an event pulled into this one's capture
  std::deque<Operation> queue;    // only filled with FK_LAZY=1
  uint64_t enqueued = 0, done = 0;
};

Stream* stream_of(intptr_t handle);
bool capturing_anywhere();
bool capturing_on_blocking_stream();

// Run `operation` now, or queue it (FK_LAZY=1), or record it (while the stream captures).
void enqueue(Stream* stream, Operation operation);
void drain(Stream* stream, uint64_t upto = UINT64_MAX);
void drain_all_streams();

// The null stream waits for every stream that is not "nonblocking".
void legacy_barrier();

// Memory.
int device_of_pointer(intptr_t pointer);  // -1: host memory
int current_device();

// Kernels.
struct Function {
  void* (*bind)(void**);  // copies the launch's arguments
  void (*run)(void*);     // one thread of the kernel
  void (*release)(void*);
  bool has_barriers;
  int max_dynamic_shared;
  const char* name;
  bool warned = false;  // of a barrier that not all threads reach
};
void run_grid(Function& function, void* arguments, FkDim grid, FkDim block, size_t shared);
