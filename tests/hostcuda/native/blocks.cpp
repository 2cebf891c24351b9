// Runs a grid on the calling thread: blocks one after the other, the threads of a block as fibers
// that give way at barriers. A warp runs as far as it can before the next one starts, so a missing
// __syncthreads() gives wrong numbers instead of a rare race; FK_ORDER=1 reverses blocks, warps and
// lanes and shows the dependencies that happen to be right in the forward order.
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host.h"

#ifndef __x86_64__
#error "hostcuda switches fibers in x86-64 assembly; this machine needs its own fk_switch"
#endif

FkThread* fk_current = nullptr;

static const bool reversed = switch_value("FK_ORDER", 0);
static const unsigned kWarp = 32, kWarpsPerBlock = 32;
static const size_t kStackSize = 128 << 10;

enum State { kReady, kAtBlockBarrier, kAtWarpBarrier, kDone };

struct Fiber {
  void* stack_pointer;
  char* stack;
  FkThread thread;
  State state;
  unsigned mask;  // of the warp barrier it waits at
};

static std::vector<Fiber*> fibers;  // kept for the next block
static Fiber* running;
static void* scheduler_stack_pointer;
static void (*kernel)(void*);
static void* kernel_arguments;
static char* dynamic_shared;
static FkWarp warps[kWarpsPerBlock];

// Save the registers that a call must keep, store the stack pointer in *save, go on at `to`.
extern "C" void fk_switch(void** save, void* to);
__asm__(R"(
.text
.globl fk_switch
.type fk_switch,@function
fk_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
.size fk_switch,.-fk_switch
)");

static void give_way(State state) {
  running->state = state;
  fk_switch(&running->stack_pointer, scheduler_stack_pointer);
}

static void fiber_main() {
  kernel(kernel_arguments);
  give_way(kDone);
  abort();  // a finished fiber is never resumed
}

static void resume(Fiber* fiber) {
  running = fiber;
  fk_current = &fiber->thread;
  fk_switch(&scheduler_stack_pointer, fiber->stack_pointer);
}

static Fiber* new_fiber() {
  Fiber* fiber = new Fiber;
  fiber->stack = (char*)mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return fiber;
}

static void start(Fiber* fiber, const FkThread& thread) {
  void** top = (void**)(fiber->stack + kStackSize);
  *--top = nullptr;  // where fiber_main would return to; also aligns its frame
  *--top = (void*)fiber_main;
  for (int i = 0; i < 6; i++) *--top = nullptr;  // the registers that fk_switch pops
  fiber->stack_pointer = top;
  fiber->thread = thread;
  fiber->state = kReady;
}

extern "C" {

void fk_syncthreads() { give_way(kAtBlockBarrier); }

void fk_syncwarp(unsigned mask) {
  running->mask = mask;
  give_way(kAtWarpBarrier);
}

FkWarp* fk_warp() { return &warps[fk_current->linear / kWarp]; }
void* fk_dynamic_shared() { return dynamic_shared; }

}  // extern "C"

static FkDim position(uint64_t linear, FkDim extent) {
  return {(unsigned)(linear % extent.x), (unsigned)(linear / extent.x % extent.y),
          (unsigned)(linear / extent.x / extent.y)};
}

// Lanes wait for those that their mask names, except for lanes that have returned.
static bool release_warp_barriers(unsigned first, unsigned last) {
  bool released = false;
  for (unsigned t = first; t < last; t++) {
    if (fibers[t]->state != kAtWarpBarrier) continue;
    unsigned mask = fibers[t]->mask;
    bool complete = true;
    for (unsigned other = first; other < last; other++) {
      Fiber* peer = fibers[other];
      bool named = mask >> (other - first) & 1;
      bool arrived = peer->state == kAtWarpBarrier && peer->mask == mask;
      if (named && !arrived && peer->state != kDone) complete = false;
    }
    if (!complete) continue;
    for (unsigned other = first; other < last; other++)
      if (fibers[other]->state == kAtWarpBarrier && fibers[other]->mask == mask)
        fibers[other]->state = kReady;
    released = true;
  }
  return released;
}

static void run_warp(unsigned first, unsigned last) {
  do {
    for (unsigned t = first; t < last; t++) {
      Fiber* fiber = fibers[reversed ? first + last - 1 - t : t];
      if (fiber->state == kReady) resume(fiber);
    }
  } while (release_warp_barriers(first, last));
}

// Let the threads past a __syncthreads(); false when all have returned.
static bool release_block_barrier(unsigned threads, Function& function) {
  unsigned live = 0, waiting = 0;
  for (unsigned t = 0; t < threads; t++) {
    live += fibers[t]->state != kDone;
    waiting += fibers[t]->state == kAtBlockBarrier;
  }
  if (waiting != live) {
    const char* text = "deadlock, some threads wait at __syncthreads() and others for their warp";
    fprintf(stderr, "hostcuda: %s: %s\n", function.name, text);
    abort();
  }
  if (live && live != threads && !function.warned) {
    function.warned = true;
    fprintf(stderr, "hostcuda: %s: __syncthreads() is not reached by all threads of the block\n",
            function.name);
  }
  for (unsigned t = 0; t < threads; t++)
    if (fibers[t]->state == kAtBlockBarrier) fibers[t]->state = kReady;
  return live;
}

static void run_block_as_fibers(const FkThread& base, unsigned threads, Function& function) {
  while (fibers.size() < threads) fibers.push_back(new_fiber());
  for (unsigned t = 0; t < threads; t++) {
    FkThread thread = base;
    thread.linear = t;
    thread.thread = position(t, base.block_dim);
    start(fibers[t], thread);
  }
  unsigned warp_count = (threads + kWarp - 1) / kWarp;
  do {
    for (unsigned i = 0; i < warp_count; i++) {
      unsigned first = (reversed ? warp_count - 1 - i : i) * kWarp;
      unsigned last = first + kWarp < threads ? first + kWarp : threads;
      run_warp(first, last);
    }
  } while (release_block_barrier(threads, function));
}

// Without barriers a thread is a plain call, many times faster than a fiber.
static void run_block_as_loop(FkThread thread, unsigned threads) {
  fk_current = &thread;
  for (unsigned i = 0; i < threads; i++) {
    thread.linear = reversed ? threads - 1 - i : i;
    thread.thread = position(thread.linear, thread.block_dim);
    kernel(kernel_arguments);
  }
}

void run_grid(Function& function, void* arguments, FkDim grid, FkDim block, size_t shared) {
  kernel = function.run;
  kernel_arguments = arguments;
  FkThread base{};
  base.block_dim = block;
  base.grid_dim = grid;
  unsigned threads = block.x * block.y * block.z;
  uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
  // Exactly as much as asked for, so that AddressSanitizer sees an access past its end.
  if (shared && posix_memalign((void**)&dynamic_shared, 128, shared)) abort();
  for (uint64_t i = 0; i < blocks; i++) {
    base.block = position(reversed ? blocks - 1 - i : i, grid);
    if (shared) memset(dynamic_shared, 0xFF, shared);
    if (function.has_barriers)
      run_block_as_fibers(base, threads, function);
    else
      run_block_as_loop(base, threads);
  }
  if (shared) free(dynamic_shared);
  dynamic_shared = nullptr;
  fk_current = nullptr;
}
