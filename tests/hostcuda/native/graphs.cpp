// Stream capture and graphs. A captured graph is the list of its operations, replayed in order.
#include "host.h"

extern "C" {

int fk_streamIsCapturing(intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  if (stream == stream_of(0) && capturing_on_blocking_stream()) {
    fail(kCaptureImplicit);
    return -1;
  }
  return stream->capturing;
}

PyObject* fk_streamBeginCapture(intptr_t handle, SkipDispatch, void*) {
  Stream* stream = stream_of(handle);
  drain(stream);
  stream->capturing = stream->capture_origin = true;
  stream->capture_failed = false;
  stream->graph = new Graph;
  return none();
}

intptr_t fk_streamEndCapture(intptr_t handle, SkipDispatch) {
  Stream* stream = stream_of(handle);
  if (!stream->capturing || !stream->capture_origin) {
    fail(kIllegalState);
    return 0;
  }
  Graph* graph = stream->graph;
  stream->joined.push_back(stream);
  for (Stream* member : stream->joined) {
    member->capturing = member->capture_origin = false;
    member->graph = nullptr;
  }
  stream->joined.clear();
  if (stream->capture_failed) {
    stream->capture_failed = false;
    fail(kCaptureInvalidated);
    return 0;
  }
  return (intptr_t)graph;
}

// The executable graph is the graph itself; neither is freed, queued launches may still need it.
intptr_t fk_graphInstantiate(intptr_t graph, SkipDispatch) { return graph; }
PyObject* fk_graphUpload(intptr_t, intptr_t, SkipDispatch) { return none(); }
PyObject* fk_graphDestroy(intptr_t, SkipDispatch) { return none(); }
PyObject* fk_graphExecDestroy(intptr_t, SkipDispatch) { return none(); }

PyObject* fk_graphLaunch(intptr_t handle, intptr_t stream, SkipDispatch) {
  Graph* graph = (Graph*)handle;
  enqueue(stream_of(stream), [graph] {
    for (Operation& operation : graph->operations) operation();
  });
  return none();
}

}  // extern "C"
