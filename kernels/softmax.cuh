// needs types.cuh block.cuh
//
// Softmax and log-softmax over the rows of a contiguous matrix, and their gradients from the output y.
// A row is read once for each reduction and once to write: it then comes from a cache, and none is too long.
// A row that is -inf throughout, or holds NaN or +inf, becomes NaN.

// The maximum of a row and the sum of exp(x - maximum), which cannot overflow.
template <int TEAM, int V, typename T, typename C>
__device__ inline void shifted_sum(const T* row, long long n, C& largest, C& total) {
  C top = reduce_rows<TEAM, V>(n, C(row[0]), Max(), [](long long, C x) { return x; }, row);
  total = reduce_rows<TEAM, V>(n, C(0), Sum(), [=](long long, C x) { return C(exp(x - top)); }, row);
  largest = top;
}

template <typename T, int V, int TEAM>
__global__ void softmax(const T* __restrict__ x, T* __restrict__ y, long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    C largest, total;
    shifted_sum<TEAM, V>(x + r * n, n, largest, total);
    map_rows<C, TEAM, V>(y + r * n, n, [=](long long, C v) { return exp(v - largest) / total; }, x + r * n);
  }
}

template <typename T, int V, int TEAM>
__global__ void log_softmax(const T* __restrict__ x, T* __restrict__ y, long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    C largest, total;
    shifted_sum<TEAM, V>(x + r * n, n, largest, total);
    C shift = log(total);
    map_rows<C, TEAM, V>(y + r * n, n, [=](long long, C v) { return v - largest - shift; }, x + r * n);
  }
}

template <typename T, int V, int TEAM>
__global__ void softmax_grad(const T* __restrict__ g, const T* __restrict__ y, T* __restrict__ out,
                             long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    const T *gr = g + r * n, *yr = y + r * n;
    C dot = reduce_rows<TEAM, V>(n, C(0), Sum(), [](long long, C a, C b) { return a * b; }, gr, yr);
    map_rows<C, TEAM, V>(out + r * n, n, [=](long long, C a, C b) { return b * (a - dot); }, gr, yr);
  }
}

template <typename T, int V, int TEAM>
__global__ void log_softmax_grad(const T* __restrict__ g, const T* __restrict__ y, T* __restrict__ out,
                                 long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    const T *gr = g + r * n, *yr = y + r * n;
    C sum = reduce_rows<TEAM, V>(n, C(0), Sum(), [](long long, C a) { return a; }, gr);
    map_rows<C, TEAM, V>(out + r * n, n, [=](long long, C a, C b) { return a - exp(b) * sum; }, gr, yr);
  }
}
