// How the runtime calls a kernel: arguments are copied at the launch and used when it runs.
#pragma once
#include <tuple>
#include <utility>

template <class Kernel>
struct FkLaunch;

template <class... A>
struct FkLaunch<void (*)(A...)> {
  using Arguments = std::tuple<std::remove_const_t<A>...>;

  template <size_t... I>
  static void* bind(void** pointers, std::index_sequence<I...>) {
    return new Arguments(*(std::remove_const_t<A>*)pointers[I]...);
  }
  static void* bind(void** pointers) { return bind(pointers, std::index_sequence_for<A...>{}); }
  static void run(void (*kernel)(A...), void* arguments) {
    std::apply(kernel, *(Arguments*)arguments);
  }
  static void release(void* arguments) { delete (Arguments*)arguments; }
};

#define FK_EXPORT(NAME, KERNEL)                                    \
  extern "C" void* fk_bind_##NAME(void** pointers) {               \
    auto kernel = KERNEL;                                          \
    return FkLaunch<decltype(kernel)>::bind(pointers);             \
  }                                                                \
  extern "C" void fk_run_##NAME(void* arguments) {                 \
    auto kernel = KERNEL;                                          \
    FkLaunch<decltype(kernel)>::run(kernel, arguments);            \
  }                                                                \
  extern "C" void fk_release_##NAME(void* arguments) {             \
    auto kernel = KERNEL;                                          \
    FkLaunch<decltype(kernel)>::release(arguments);                \
  }
