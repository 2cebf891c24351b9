// needs types.cuh
//
// sum_to: undoes a broadcast. A contiguous (outer, reduce, inner) array is summed over its middle axis into
// (outer, chunks, inner), where chunk c takes the elements [c * length, (c + 1) * length) of the axis; a
// second pass over the chunks makes one of them. No atomics: the same numbers give the same bits.
//
// A block has 256 threads: `lanes` neighbouring outputs (a power of two) times 256 / lanes threads that share
// the sum of each. Many lanes read neighbouring columns, one lane reads along a row: both coalesce.

template <typename In, typename Out>
__global__ void sum_to(const In* __restrict__ x, Out* __restrict__ y, long long outer, long long reduce,
                       long long inner, long long length, int lanes) {
  typedef typename Compute<In>::type C;
  __shared__ C part[256];
  int lane = threadIdx.x % lanes, share = threadIdx.x / lanes, shares = 256 / lanes;
  long long chunk = blockIdx.y, begin = chunk * length;
  long long end = begin + length < reduce ? begin + length : reduce;
  for (long long first = (long long)blockIdx.x * lanes; first < outer * inner;
       first += (long long)gridDim.x * lanes) {
    long long place = first + lane, row = place / inner, column = place % inner;
    C sum = C(0);
    if (place < outer * inner) {
      const In* from = x + row * reduce * inner + column;
#pragma unroll 4
      for (long long j = begin + share; j < end; j += shares) sum += C(from[j * inner]);
    }
    part[threadIdx.x] = sum;
    for (int half = shares / 2; half > 0; half /= 2) {
      __syncthreads();
      if (share < half) part[threadIdx.x] += part[threadIdx.x + half * lanes];
    }
    if (share == 0 && place < outer * inner) y[(row * gridDim.y + chunk) * inner + column] = Out(part[lane]);
    __syncthreads();  // before the next turn writes to part
  }
}
