// Streams, events, host callbacks. By default work runs as it is enqueued; with FK_LAZY=1 a user
// stream keeps it back until somebody waits, so that a missing wait reads poisoned memory.
#include "host.h"

#include <algorithm>
#include <chrono>
#include <memory>

static Stream null_stream;
static std::vector<Stream*> streams;  // those that the user created
static bool lazy = switch_value("FK_LAZY", 0);

Stream* stream_of(intptr_t handle) {
  // 1 and 2 are CUDA's names for the legacy and the per-thread default stream.
  return handle <= 2 && handle >= 0 ? &null_stream : (Stream*)handle;
}

void drain(Stream* stream, uint64_t upto) {
  while (!stream->queue.empty() && stream->done < upto) {
    Operation operation = std::move(stream->queue.front());
    stream->queue.pop_front();
    stream->done++;
    operation();
  }
}

void drain_all_streams() {
  for (Stream* stream : streams) drain(stream);
}

void legacy_barrier() {
  for (Stream* stream : streams)
    if (!stream->nonblocking) drain(stream);
}

void enqueue(Stream* stream, Operation operation) {
  if (stream->capturing) {
    stream->graph->operations.push_back(std::move(operation));
  } else if (stream == &null_stream) {
    legacy_barrier();
    operation();
  } else if (lazy) {
    stream->enqueued++;
    stream->queue.push_back(std::move(operation));
  } else {
    operation();
  }
}

bool capturing_anywhere() {
  return null_stream.capturing ||
         std::any_of(streams.begin(), streams.end(), [](Stream* s) { return s->capturing; });
}

bool capturing_on_blocking_stream() {
  return std::any_of(streams.begin(), streams.end(),
                     [](Stream* s) { return s->capturing && !s->nonblocking; });
}

// Streams and events are never freed: queued work and graphs may still point to them.
struct Event {
  Stream* stream = nullptr;  // where it was recorded, and after how many operations
  uint64_t position = 0;
  double milliseconds = 0;
  Graph* graph = nullptr;    // set when it was recorded during a capture
};

static double clock_milliseconds() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

static void call(PyObject* callback, PyObject* argument) {
  PyObject* result = PyObject_CallOneArg(callback, argument);
  if (!result) PyErr_WriteUnraisable(callback);  // there is no caller to raise it to
  Py_XDECREF(result);
}

extern "C" {

// Used by the stand-in libraries. cuBLAS and cuRAND are called without the GIL, and the work
// drained here may be Python's.
void fk_enqueue(intptr_t stream, void (*work)(void*), void (*release)(void*), void* argument) {
  PyGILState_STATE gil = PyGILState_Ensure();
  std::shared_ptr<void> hold(argument, [release](void* p) { if (release) release(p); });
  enqueue(stream_of(stream), [work, hold] { work(hold.get()); });
  hold.reset();
  PyGILState_Release(gil);
}

intptr_t fk_streamCreateWithFlags(unsigned flags, SkipDispatch) {
  Stream* stream = new Stream;
  stream->nonblocking = flags & 1;
  streams.push_back(stream);
  return (intptr_t)stream;
}

intptr_t fk_streamCreate(SkipDispatch) { return fk_streamCreateWithFlags(0, 0); }
intptr_t fk_streamCreateWithPriority(unsigned flags, int, SkipDispatch) {
  return fk_streamCreateWithFlags(flags, 0);
}

PyObject* fk_streamDestroy(intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  drain(stream);
  streams.erase(std::remove(streams.begin(), streams.end(), stream), streams.end());
  return none();
}

PyObject* fk_streamSynchronize(intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  if (stream->capturing) {
    stream->capture_failed = true;
    return fail(kCaptureUnsupported);
  }
  if (stream == &null_stream) {
    if (capturing_on_blocking_stream()) return fail(kCaptureImplicit);
    legacy_barrier();
  } else {
    drain(stream);
  }
  counters.syncs++;
  return none();
}

PyObject* fk_streamQuery(intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  if (stream->capturing) {
    stream->capture_failed = true;
    return fail(kCaptureUnsupported);
  }
  return PyLong_FromLong(stream->queue.empty() ? 0 : kNotReady);
}

unsigned fk_streamGetFlags(intptr_t handle, SkipDispatch) { return stream_of(handle)->nonblocking; }
int fk_streamGetPriority(intptr_t, SkipDispatch) { return 0; }

PyObject* fk_streamWaitEvent(intptr_t handle, intptr_t event_handle, SkipDispatch, void*) {
  Stream* stream = stream_of(handle);
  Event* event = (Event*)event_handle;
  if (event->graph) {  // waiting for a captured event pulls this stream into the capture
    if (!stream->capturing) {
      stream->capturing = true;
      stream->graph = event->graph;
      for (Stream* origin : streams)
        if (origin->capture_origin && origin->graph == event->graph) origin->joined.push_back(stream);
    }
    return none();
  }
  Stream* other = event->stream;
  uint64_t position = event->position;
  if (other && other != stream) enqueue(stream, [other, position] { drain(other, position); });
  return none();
}

intptr_t fk_eventCreate(SkipDispatch) { return (intptr_t) new Event; }
intptr_t fk_eventCreateWithFlags(unsigned, SkipDispatch) { return (intptr_t) new Event; }
PyObject* fk_eventDestroy(intptr_t, SkipDispatch) { return none(); }

PyObject* fk_eventRecord(intptr_t event_handle, intptr_t handle, SkipDispatch) {
  Event* event = (Event*)event_handle;
  Stream* stream = stream_of(handle);
  event->graph = stream->capturing ? stream->graph : nullptr;
  if (event->graph) return none();
  event->stream = stream;
  enqueue(stream, [event] { event->milliseconds = clock_milliseconds(); });
  event->position = stream->enqueued;
  return none();
}

PyObject* fk_eventSynchronize(intptr_t handle, SkipDispatch) {
  Event* event = (Event*)handle;
  if (event->stream) drain(event->stream, event->position);
  counters.syncs++;
  return none();
}

PyObject* fk_eventQuery(intptr_t handle, SkipDispatch) {
  Event* event = (Event*)handle;
  bool pending = event->stream && event->stream->done < event->position;
  return PyLong_FromLong(pending ? kNotReady : 0);
}

float fk_eventElapsedTime(intptr_t start, intptr_t end, SkipDispatch) {
  return (float)(((Event*)end)->milliseconds - ((Event*)start)->milliseconds);
}

// A graph may call it any number of times, so what a callback needs is kept for good.
PyObject* fk_launchHostFunc(intptr_t handle, PyObject* callback, intptr_t, SkipDispatch) {
  Py_INCREF(callback);
  enqueue(stream_of(handle), [callback] { call(callback, Py_None); });
  return none();
}

PyObject* fk__launchHostFuncUnmanaged(intptr_t handle, PyObject* callback_and_argument, SkipDispatch) {
  Py_INCREF(callback_and_argument);
  enqueue(stream_of(handle), [callback_and_argument] {
    call(PyTuple_GET_ITEM(callback_and_argument, 0), PyTuple_GET_ITEM(callback_and_argument, 1));
  });
  return none();
}

}  // extern "C"
