// The driver library itself: so that looking for it finds one, and CuPy can name its errors.
static const struct {
  int code;
  const char* name;
  const char* text;
} errors[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
};

extern "C" {

int cuDriverGetVersion(int* version) {
  *version = 13000;
  return 0;
}

int cuGetErrorName(int code, const char** name) {
  *name = "CUDA_ERROR_UNKNOWN";
  for (auto& error : errors)
    if (error.code == code) *name = error.name;
  return 0;
}

int cuGetErrorString(int code, const char** text) {
  *text = "unknown error";
  for (auto& error : errors)
    if (error.code == code) *text = error.text;
  return 0;
}

}  // extern "C"
