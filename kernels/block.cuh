// What the kernels that work on whole rows share: a team of threads that reads rows by wide loads, maps and
// reduces them.
//
// A team is a warp (TEAM = 32) or a whole block (TEAM = blockDim.x, a multiple of 32). A block of several
// warps whose teams are warps works on several rows, and its warps need not stay together.
// A row has n elements and is read V at a time: V divides n, and the rows are aligned to V elements.

template <typename T, int V> struct alignas(sizeof(T) * V) Vec { T at[V]; };

struct Max {
  template <typename C> __device__ inline C operator()(C a, C b) const { return a > b ? a : b; }
};
struct Sum {
  template <typename C> __device__ inline C operator()(C a, C b) const { return a + b; }
};

// The first row of this thread's team, and how far it is to the next one.
template <int TEAM> __device__ inline long long first_row() {
  return (long long)blockIdx.x * (blockDim.x / TEAM) + threadIdx.x / TEAM;
}
template <int TEAM> __device__ inline long long row_step() {
  return (long long)gridDim.x * (blockDim.x / TEAM);
}

// The reduction of x over the team, in every thread. The order is fixed: the same numbers give the same bits.
template <int TEAM, typename C, typename Op> __device__ inline C reduce_team(C x, Op op) {
  for (int offset = 16; offset > 0; offset /= 2) x = op(x, __shfl_xor_sync(0xffffffffu, x, offset));
  if (TEAM == 32) return x;
  __shared__ C part[TEAM / 32];
  __syncthreads();  // everybody has read what the previous reduction left in part
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = x;
  __syncthreads();
  x = part[0];
  for (int warp = 1; warp < TEAM / 32; warp++) x = op(x, part[warp]);
  return x;
}

// The reduction by op, from start, of f(j, values at j of all rows...) over j in [0, n), in every thread.
// Vec is passed by value: through a reference, NVRTC loads its elements one by one.
template <int V, typename C, typename Op, typename F, typename... T>
__device__ inline C reduce_wide(long long j, C so_far, Op op, F f, Vec<T, V>... values) {
#pragma unroll
  for (int k = 0; k < V; k++) so_far = op(so_far, f(j + k, C(values.at[k])...));
  return so_far;
}
template <int TEAM, int V, typename C, typename Op, typename F, typename... T>
__device__ inline C reduce_rows(long long n, C start, Op op, F f, const T*... rows) {
  for (long long i = threadIdx.x % TEAM; i < n / V; i += TEAM)
    start = reduce_wide<V>(i * V, start, op, f, reinterpret_cast<const Vec<T, V>*>(rows)[i]...);
  return reduce_team<TEAM>(start, op);
}

// out[j] = f(j, values at j of all rows...) for j in [0, n).
template <typename C, int V, typename Out, typename F, typename... T>
__device__ inline Vec<Out, V> map_wide(long long j, F f, Vec<T, V>... values) {
  Vec<Out, V> out;
#pragma unroll
  for (int k = 0; k < V; k++) out.at[k] = Out(f(j + k, C(values.at[k])...));
  return out;
}
template <typename C, int TEAM, int V, typename Out, typename F, typename... T>
__device__ inline void map_rows(Out* out, long long n, F f, const T*... rows) {
  for (long long i = threadIdx.x % TEAM; i < n / V; i += TEAM)
    reinterpret_cast<Vec<Out, V>*>(out)[i] =
        map_wide<C, V, Out>(i * V, f, reinterpret_cast<const Vec<T, V>*>(rows)[i]...);
}
