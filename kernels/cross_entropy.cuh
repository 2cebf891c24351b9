// needs types.cuh block.cuh softmax.cuh
//
// Cross-entropy of the rows of a matrix of logits with one label each, without the matrix of probabilities
// in memory. A label outside [0, n) is never used as an index: it makes the row NaN.

template <typename T, int V, int TEAM>
__global__ void cross_entropy(const T* __restrict__ logits, const long long* __restrict__ labels,
                              T* __restrict__ losses, long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    const T* row = logits + r * n;
    C largest, total;
    shifted_sum<TEAM, V>(row, n, largest, total);
    if (threadIdx.x % TEAM != 0) continue;
    long long label = labels[r];
    bool known = label >= 0 && label < n;
    losses[r] = known ? T(C(log(total)) - (C(row[label]) - largest)) : T(C(nan("")));
  }
}

// g holds one cotangent for each row.
template <typename T, int V, int TEAM>
__global__ void cross_entropy_grad(const T* __restrict__ g, const T* __restrict__ logits,
                                   const long long* __restrict__ labels, T* __restrict__ out,
                                   long long rows, long long n) {
  typedef typename Compute<T>::type C;
  for (long long r = first_row<TEAM>(); r < rows; r += row_step<TEAM>()) {
    const T* row = logits + r * n;
    C largest, total;
    shifted_sum<TEAM, V>(row, n, largest, total);
    long long label = labels[r];
    C gr = label >= 0 && label < n ? C(g[r]) : C(nan(""));
    map_rows<C, TEAM, V>(
        out + r * n, n,
        [=](long long j, C x) { return gr * (exp(x - largest) / total - (j == label ? C(1) : C(0))); }, row);
  }
}
