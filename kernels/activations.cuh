// Activations and their gradients, one element at a time, in the compute type C (float or double).
//
// A gradient is one function, so that a backward pass is one read and one write of memory instead of one for
// every multiplication. Its first argument is the cotangent g, its second the array that was kept: the
// output y where that is enough, else the input x. Every formula stays finite for every finite argument:
// exponentials are taken of what is not positive, or divide.

template <typename C> __device__ inline C sigmoid(C x) { return C(1) / (C(1) + exp(-x)); }
template <typename C> __device__ inline C sigmoid_grad(C g, C y) { return g * (y * (C(1) - y)); }

template <typename C> __device__ inline C relu(C x) { return x <= C(0) ? C(0) : x; }  // keeps NaN
template <typename C> __device__ inline C relu_grad(C g, C y) { return y > C(0) ? g : C(0); }

template <typename C> __device__ inline C tanh_grad(C g, C y) { return g * ((C(1) - y) * (C(1) + y)); }

template <typename C> __device__ inline C leaky_relu(C x, C negative_slope) {
  return x > C(0) ? x : x * negative_slope;
}
template <typename C> __device__ inline C leaky_relu_grad(C g, C x, C negative_slope) {
  return x > C(0) ? g : g * negative_slope;
}

template <typename C> __device__ inline C elu(C x, C alpha) { return x > C(0) ? x : alpha * expm1(x); }
template <typename C> __device__ inline C elu_grad(C g, C x, C alpha) {
  return x > C(0) ? g : g * (alpha * exp(x));
}

// selu: elu, scaled so that layers keep mean 0 and variance 1 (Klambauer et al. 2017, equation 14).

template <typename C> __device__ inline C selu_alpha() { return C(1.6732632423543772848170429916717); }
template <typename C> __device__ inline C selu_scale() { return C(1.0507009873554804934193349852946); }
template <typename C> __device__ inline C selu(C x) { return selu_scale<C>() * elu(x, selu_alpha<C>()); }
template <typename C> __device__ inline C selu_grad(C g, C x) {
  return selu_scale<C>() * elu_grad(g, x, selu_alpha<C>());
}

// gelu: x Phi(x). normcdf keeps its relative accuracy far to the left, where 1 + erf(x / sqrt(2)) cancels.

template <typename C> __device__ inline C gelu(C x) { return x * C(normcdf(x)); }
template <typename C> __device__ inline C gelu_grad(C g, C x) {
  C density = C(0.39894228040143267793994605993438) * exp(C(-0.5) * x * x);
  return g * (C(normcdf(x)) + x * density);
}

// gelu_tanh: x (1 + tanh(u / 2)) / 2 is x sigmoid(u), which does not cancel for negative x.

template <typename C> __device__ inline C gelu_tanh_u(C x) {
  return C(1.5957691216057307117597842397375) * x * (C(1) + C(0.044715) * x * x);
}
template <typename C> __device__ inline C gelu_tanh(C x) { return x * sigmoid(gelu_tanh_u(x)); }
template <typename C> __device__ inline C gelu_tanh_grad(C g, C x) {
  C u = gelu_tanh_u(x), y = sigmoid(u);
  C bell = y * sigmoid(-u);
  C slope = C(1.5957691216057307117597842397375) * (C(1) + C(0.134145) * x * x);
  return g * (bell == C(0) ? y : y + x * bell * slope);  // slope may be infinite where bell is 0
}

// silu: the gradient takes sigmoid(-x) because 1 - sigmoid(x), times a large x, is mostly rounding.

template <typename C> __device__ inline C silu(C x) { return x / (C(1) + exp(-x)); }
template <typename C> __device__ inline C silu_grad(C g, C x) {
  return g * (sigmoid(x) * (C(1) + x * sigmoid(-x)));
}

template <typename C> __device__ inline C softplus(C x) {
  return (x < C(0) ? C(0) : x) + log1p(exp(-fabs(x)));
}
template <typename C> __device__ inline C softplus_grad(C g, C x) { return g * sigmoid(x); }

template <typename C> __device__ inline C log_sigmoid(C x) { return -softplus(-x); }
template <typename C> __device__ inline C log_sigmoid_grad(C g, C x) { return g * sigmoid(-x); }

// mish: x tanh(softplus(x)). With e = exp(-|x|), tanh(log(1 + exp(x))) is the quotient top / (top + rest).

template <typename C> __device__ inline C mish(C x) {
  C e = exp(-fabs(x));
  C top = x < C(0) ? e * (e + C(2)) : C(1) + C(2) * e;
  C rest = x < C(0) ? C(2) : C(2) * e * e;
  return x * (top / (top + rest));
}
template <typename C> __device__ inline C mish_grad(C g, C x) {
  C e = exp(-fabs(x));
  C top = x < C(0) ? e * (e + C(2)) : C(1) + C(2) * e;
  C below = top + (x < C(0) ? C(2) : C(2) * e * e);
  C slope = C(4) * (x < C(0) ? e : e * e) * (C(1) + e) / (below * below);
  return g * (top / below + x * slope);
}

// hardtanh: the gradient passes inside and at both bounds, as clip's does.

template <typename C> __device__ inline C hardtanh(C x, C min_val, C max_val) {
  return x < min_val ? min_val : x > max_val ? max_val : x;
}
template <typename C> __device__ inline C hardtanh_grad(C g, C x, C min_val, C max_val) {
  return x >= min_val && x <= max_val ? g : C(0);
}
