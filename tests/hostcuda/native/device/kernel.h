// What NVRTC provides to a kernel without being asked, for g++.
#pragma once
#include <math.h>  // libstdc++'s: puts exp(float) beside exp(double) into the global namespace

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../abi.h"

using std::ptrdiff_t;
using std::size_t;

extern FkThread* fk_current;
extern "C" {
void fk_syncthreads();
void fk_syncwarp(unsigned mask);
FkWarp* fk_warp();
void* fk_dynamic_shared();
}

#include <vector_functions.h>  // NVIDIA's own float4, int2 ..., which know plain C++
#include <vector_types.h>

// One kernel runs at a time and one block after the other, so a static variable is per block.
#undef __constant__
#define __constant__ static
#define __shared__ static
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __restrict__ __restrict

#define threadIdx (fk_current->thread)
#define blockIdx (fk_current->block)
#define blockDim (fk_current->block_dim)
#define gridDim (fk_current->grid_dim)
#define warpSize 32

#include "atomics.h"
#include "intrinsics.h"
#include "launch.h"
#include "warp.h"
