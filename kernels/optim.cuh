// One step of each optimiser for one element: the parameter p and its state are read and written once, which
// is all that such a step costs. Everything is in the compute type C. `rest` is 1 minus a decay rate; it
// comes from the host because near 1 the subtraction would lose digits in float.

template <typename C> __device__ inline void sgd(C& p, C g, C lr, C weight_decay) {
  p -= lr * (g + weight_decay * p);
}

template <typename C>
__device__ inline void momentum(C& p, C g, C& m, C lr, C momentum, C weight_decay, C nesterov) {
  g += weight_decay * p;
  m = momentum * m + g;
  p -= lr * (nesterov != C(0) ? g + momentum * m : m);
}

template <typename C>
__device__ inline void rmsprop(C& p, C g, C& v, C lr, C rest, C eps, C weight_decay) {
  g += weight_decay * p;
  v = (C(1) - rest) * v + rest * g * g;
  p -= lr * g / (sqrt(v) + eps);
}

// lr and root correct the bias of m and v: lr / (1 - beta1^step) and sqrt(1 - beta2^step).
template <typename C>
__device__ inline void adam(C& p, C g, C& m, C& v, C lr, C root, C rest1, C rest2, C eps, C weight_decay) {
  g += weight_decay * p;
  m = (C(1) - rest1) * m + rest1 * g;
  v = (C(1) - rest2) * v + rest2 * g * g;
  p -= lr * m / (sqrt(v) / root + eps);
}

// adam whose decay does not pass through the moments: keep is 1 - lr * weight_decay.
template <typename C>
__device__ inline void adamw(C& p, C g, C& m, C& v, C lr, C root, C rest1, C rest2, C eps, C keep) {
  p *= keep;
  adam(p, g, m, v, lr, root, rest1, rest2, eps, C(0));
}
