// Modules are shared libraries made by g++; a kernel is three functions exported for its name.
#include <dlfcn.h>

#include <cstring>
#include <memory>
#include <string>

#include "host.h"

// Limits of one block on compute capability 9.0.
static const uint64_t kMaxThreads = 1024;
static const unsigned kMaxGridYZ = 65535;
static const int kSharedByDefault = 48 << 10, kSharedAtMost = 227 << 10;

// CU_FUNC_ATTRIBUTE_...
enum { kMaxThreadsPerBlock = 0, kMaxDynamicSharedSize = 8 };

struct Module {
  void* library;
  bool has_barriers;
};

template <class F>
static F symbol(void* library, const char* prefix, const std::string& name) {
  return (F)dlsym(library, (prefix + name).c_str());
}

extern "C" {

// `image` is "FKSO:<0 or 1>:<path>", where 1 says that its kernels have barriers.
intptr_t fk_moduleLoadData(PyObject* image, SkipDispatch) {
  const char* text = PyBytes_AsString(image);
  if (strncmp(text, "FKSO:", 5)) {
    PyErr_SetString(PyExc_RuntimeError, "hostcuda cannot run a real cubin or PTX");
    return 0;
  }
  void* library = dlopen(text + 7, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    PyErr_SetString(PyExc_RuntimeError, dlerror());
    return 0;
  }
  return (intptr_t) new Module{library, text[5] == '1'};
}

intptr_t fk_moduleLoad(PyObject*, SkipDispatch) {
  PyErr_SetString(PyExc_NotImplementedError, "hostcuda cannot load a module from a file");
  return 0;
}

PyObject* fk_moduleUnload(intptr_t, SkipDispatch) { return none(); }  // queued work may need it

intptr_t fk_moduleGetFunction(intptr_t handle, PyObject* name, SkipDispatch) {
  Module* module = (Module*)handle;
  std::string text = PyUnicode_AsUTF8(name);
  void* library = module->library;
  auto bind = symbol<void* (*)(void**)>(library, "fk_bind_", text);
  if (!bind) {
    fail_driver(kNotFound);
    return 0;
  }
  return (intptr_t) new Function{bind,
                                 symbol<void (*)(void*)>(library, "fk_run_", text),
                                 symbol<void (*)(void*)>(library, "fk_release_", text),
                                 module->has_barriers,
                                 kSharedByDefault,
                                 strdup(text.c_str())};
}

intptr_t fk_moduleGetGlobal(intptr_t handle, PyObject* name, SkipDispatch) {
  void* address = dlsym(((Module*)handle)->library, PyUnicode_AsUTF8(name));
  if (!address) fail_driver(kNotFound);
  return (intptr_t)address;
}

PyObject* fk_launchKernel(intptr_t handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                          unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                          intptr_t stream, intptr_t arguments, intptr_t, SkipDispatch) {
  Function& function = *(Function*)handle;
  counters.launches++;
  uint64_t threads = (uint64_t)block_x * block_y * block_z;
  bool empty = !threads || !grid_x || !grid_y || !grid_z;
  if (empty || threads > kMaxThreads || grid_y > kMaxGridYZ || grid_z > kMaxGridYZ ||
      shared > (unsigned)function.max_dynamic_shared)
    return fail_driver(kInvalidValue);
  std::shared_ptr<void> bound(function.bind((void**)arguments), function.release);
  enqueue(stream_of(stream), [=, &function] {
    run_grid(function, bound.get(), {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared);
  });
  return none();
}

PyObject* fk_launchCooperativeKernel(intptr_t, unsigned, unsigned, unsigned, unsigned, unsigned,
                                     unsigned, unsigned, intptr_t, intptr_t, SkipDispatch) {
  PyErr_SetString(PyExc_NotImplementedError, "hostcuda has no cooperative launch");
  return nullptr;
}

int fk_funcGetAttribute(int attribute, intptr_t function, SkipDispatch) {
  switch (attribute) {
    case kMaxThreadsPerBlock: return kMaxThreads;
    case kMaxDynamicSharedSize: return ((Function*)function)->max_dynamic_shared;
    default: return 0;
  }
}

PyObject* fk_funcSetAttribute(intptr_t function, int attribute, int value, SkipDispatch) {
  if (attribute == kMaxDynamicSharedSize) {
    if (value < 0 || value > kSharedAtMost) return fail_driver(kInvalidValue);
    ((Function*)function)->max_dynamic_shared = value;
  }
  return none();
}

int fk_occupancyMaxActiveBlocksPerMultiprocessor(intptr_t, int block, size_t, SkipDispatch) {
  return 2048 / (block ? block : 1);
}

}  // extern "C"
