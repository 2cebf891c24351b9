// Errors, counters, devices and their attributes.
#include <cstdlib>

#include "host.h"

Counters counters;

static PyObject* hooks = nullptr;  // a dict of Python objects

PyObject* hook(const char* name) { return PyDict_GetItemString(hooks, name); }

static PyObject* raise(const char* exception_class, int code) {
  PyObject* type = hook(exception_class);
  PyObject* error = PyObject_CallFunction(type, "i", code);
  if (error) {
    PyErr_SetObject(type, error);
    Py_DECREF(error);
  }
  return nullptr;
}

PyObject* fail(int code) { return raise("CUDARuntimeError", code); }
PyObject* fail_driver(int code) { return raise("CUDADriverError", code); }

int switch_value(const char* name, int otherwise) {
  const char* value = getenv(name);
  return value ? atoi(value) : otherwise;
}

static const int device_count = switch_value("FK_DEVICES", 1);
static thread_local int device = 0;

int current_device() { return device; }

extern "C" {

PyObject* fk_set_hooks(PyObject* dict) {
  hooks = Py_NewRef(dict);
  return none();
}

Counters* fk_counters() { return &counters; }

int fk_getDevice(SkipDispatch) { return device; }
int fk_getDeviceCount(SkipDispatch) { return device_count; }
int fk_driverGetVersion(SkipDispatch) { return 13000; }
int fk_deviceCanAccessPeer(int, int, SkipDispatch) { return 0; }
intptr_t fk_ctxGetCurrent(SkipDispatch) { return 1; }
PyObject* fk__ensure_context() { return none(); }
PyObject* fk_profilerStart(SkipDispatch) { return none(); }
PyObject* fk_profilerStop(SkipDispatch) { return none(); }

PyObject* fk_setDevice(int index, SkipDispatch) {
  if (index < 0 || index >= device_count) return fail(kInvalidDevice);
  device = index;
  return none();
}

PyObject* fk_deviceSynchronize(SkipDispatch) {
  if (capturing_anywhere()) return fail(kCaptureUnsupported);
  drain_all_streams();
  counters.syncs++;
  return none();
}

int fk_deviceGetAttribute(int attribute, int, SkipDispatch) {
  PyObject* key = PyLong_FromLong(attribute);
  PyObject* value = PyDict_GetItem(hook("attributes"), key);
  Py_DECREF(key);
  return value ? (int)PyLong_AsLong(value) : 0;
}

PyObject* fk_getDeviceProperties(int index, SkipDispatch) {
  return PyObject_CallFunction(hook("getDeviceProperties"), "i", index);
}

PyObject* fk_deviceGetPCIBusId(int index, SkipDispatch) {
  return PyUnicode_FromFormat("0000:%02x:00.0", index);
}

}  // extern "C"
