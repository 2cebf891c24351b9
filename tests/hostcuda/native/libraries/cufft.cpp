// The part of cuFFT that CuPy uses on one device: plans of one to three axes, computed in double.
#include <array>
#include <map>
#include <mutex>
#include <vector>

#include "enqueue.h"
#include "scalars.h"

enum { kInvalidPlan = 1, kInvalidType = 3, kInvalidValue = 4 };  // CUFFT_...
enum Type { kC2C = 0x29, kR2C = 0x2a, kC2R = 0x2c, kZ2Z = 0x69, kD2Z = 0x6a, kZ2D = 0x6c };
enum { kForward = -1, kInverse = 1 };

using Line = std::vector<Complex>;
using Lengths = std::array<int, 3>;  // plans of fewer axes have ones in front

// The sums of x[j] exp(sign 2 pi i j k / n): of the even and the odd j apart, as long as there are as many.
static Line transformed(const Line& x, int sign) {
  int n = x.size();
  Line y(n), roots(n);
  for (int k = 0; k < n; k++) roots[k] = std::polar(1.0, sign * 2 * M_PI * k / n);
  if (n % 2) {
    for (int64_t j = 0; j < n; j++)
      for (int64_t k = 0; k < n; k++) y[k] += x[j] * roots[j * k % n];
    return y;
  }
  Line even, odd;
  for (int j = 0; j < n; j += 2) even.push_back(x[j]), odd.push_back(x[j + 1]);
  even = transformed(even, sign), odd = transformed(odd, sign);
  for (int k = 0; k < n; k++) y[k] = even[k % (n / 2)] + roots[k] * odd[k % (n / 2)];
  return y;
}

// A row-major array.
struct Array {
  Lengths shape;
  std::vector<Complex> values;

  explicit Array(Lengths shape) : shape(shape), values((size_t)shape[0] * shape[1] * shape[2]) {}
  Complex& at(int x, int y, int z) { return values[((size_t)x * shape[1] + y) * shape[2] + z]; }

  void transform(int axis, int sign) {
    size_t step = 1, n = shape[axis];
    for (int k = axis + 1; k < 3; k++) step *= shape[k];
    Line line(n);
    for (size_t first = 0; first < values.size(); first++) {
      if (first / step % n) continue;  // in the line of an earlier one
      for (size_t j = 0; j < n; j++) line[j] = values[first + j * step];
      Line sums = transformed(line, sign);
      for (size_t j = 0; j < n; j++) values[first + j * step] = sums[j];
    }
  }
};

// What goes in or comes out of a plan, and where in memory its elements are.
struct Side {
  DataType type;
  Lengths shape, embed;
  int64_t stride, distance;

  template <class Visit>
  void each(int64_t batch, Visit visit) const {
    for (int x = 0; x < shape[0]; x++)
      for (int y = 0; y < shape[1]; y++)
        for (int z = 0; z < shape[2]; z++)
          visit(batch * distance + (((int64_t)x * embed[1] + y) * embed[2] + z) * stride, x, y, z);
  }
};

struct Plan {
  int type = 0, batch = 0;
  Lengths n{};
  Side in{}, out{};
  intptr_t stream = 0;

  bool to_half() const { return type == kR2C || type == kD2Z; }
  bool to_real() const { return type == kC2R || type == kZ2D; }

  void run(void* from, void* to, int sign) const {
    for (int b = 0; b < batch; b++) {
      Array array(in.shape);
      in.each(b, [&](int64_t i, int x, int y, int z) { array.at(x, y, z) = load(from, in.type, i); });
      // What a transform to real numbers leaves of its input is not defined.
      if (to_real() && from != to)
        in.each(b, [&](int64_t i, int, int, int) { store(from, in.type, i, Complex(NAN, NAN)); });
      array.transform(0, sign);
      array.transform(1, sign);
      if (to_real()) array = mirrored(array);
      array.transform(2, sign);
      out.each(b, [&](int64_t i, int x, int y, int z) { store(to, out.type, i, array.at(x, y, z)); });
    }
  }

  // The bins above the middle of the last axis: the conjugates of those below. One that is its own is real.
  Array mirrored(Array half) const {
    Array whole(n);
    for (int x = 0; x < n[0]; x++)
      for (int y = 0; y < n[1]; y++)
        for (int z = 0; z < n[2]; z++) {
          int other = (n[2] - z) % n[2];
          Complex value = z <= n[2] / 2 ? half.at(x, y, z) : std::conj(half.at(x, y, other));
          whole.at(x, y, z) = z == other ? value.real() : value;
        }
    return whole;
  }
};

static std::mutex access;
static std::map<int, Plan> plans;
static int newest = 0;

// Calls `f` with the plan, whose result it returns.
template <class F>
static int with_plan(int handle, F f) {
  std::lock_guard<std::mutex> guard(access);
  auto found = plans.find(handle);
  return found == plans.end() ? kInvalidPlan : f(found->second);
}

static int execute(int handle, int type, void* in, void* out, int sign) {
  return with_plan(handle, [=](Plan& plan) -> int {
    if (plan.type != type) return kInvalidPlan;
    if (sign != kForward && sign != kInverse) return kInvalidValue;
    return enqueue(plan.stream, [=] { plan.run(in, out, sign); });
  });
}

extern "C" {

int cufftGetVersion(int* version) {
  *version = 12000;
  return 0;
}
int cufftCreate(int* handle) {
  std::lock_guard<std::mutex> guard(access);
  plans[*handle = ++newest];
  return 0;
}
int cufftDestroy(int handle) {
  std::lock_guard<std::mutex> guard(access);
  return plans.erase(handle) ? 0 : kInvalidPlan;
}
int cufftSetAutoAllocation(int, int) { return 0; }
int cufftSetWorkArea(int, void*) { return 0; }
int cufftSetStream(int handle, intptr_t stream) {
  return with_plan(handle, [=](Plan& plan) { return plan.stream = stream, 0; });
}

int cufftMakePlanMany(int handle, int rank, const int* n, const int* inembed, int istride, int idist,
                      const int* onembed, int ostride, int odist, int type, int batch, size_t* work) {
  return with_plan(handle, [=](Plan& plan) -> int {
    if (type != kC2C && type != kR2C && type != kC2R && type != kZ2Z && type != kD2Z && type != kZ2D)
      return kInvalidType;
    if (rank < 1 || rank > 3 || batch < 1) return kInvalidValue;
    plan.type = type, plan.batch = batch, plan.n = {1, 1, 1};
    for (int k = 0; k < rank; k++) plan.n[3 - rank + k] = n[k];
    bool twice = type == kZ2Z || type == kD2Z || type == kZ2D;
    DataType real = twice ? kFloat64 : kFloat32, complex = twice ? kComplex128 : kComplex64;
    // The elements of a side lie close together unless it is said how far apart they are.
    auto side = [&](DataType kind, bool half, const int* embed, int stride, int distance) {
      Lengths shape = plan.n;
      if (half) shape[2] = shape[2] / 2 + 1;
      Side made{kind, shape, shape, 1, (int64_t)shape[0] * shape[1] * shape[2]};
      if (embed) {
        for (int k = 0; k < rank; k++) made.embed[3 - rank + k] = embed[k];
        made.stride = stride, made.distance = distance;
      }
      return made;
    };
    plan.in = side(plan.to_half() ? real : complex, plan.to_real(), inembed, istride, idist);
    plan.out = side(plan.to_real() ? real : complex, plan.to_half(), onembed, ostride, odist);
    *work = size_of(complex) * plan.n[0] * plan.n[1] * plan.n[2] * batch;  // CuPy keeps it with the plan
    return 0;
  });
}
int cufftMakePlan1d(int handle, int n, int type, int batch, size_t* work) {
  return cufftMakePlanMany(handle, 1, &n, nullptr, 1, 0, nullptr, 1, 0, type, batch, work);
}

int cufftExecC2C(int handle, void* in, void* out, int sign) { return execute(handle, kC2C, in, out, sign); }
int cufftExecZ2Z(int handle, void* in, void* out, int sign) { return execute(handle, kZ2Z, in, out, sign); }
int cufftExecR2C(int handle, void* in, void* out) { return execute(handle, kR2C, in, out, kForward); }
int cufftExecD2Z(int handle, void* in, void* out) { return execute(handle, kD2Z, in, out, kForward); }
int cufftExecC2R(int handle, void* in, void* out) { return execute(handle, kC2R, in, out, kInverse); }
int cufftExecZ2D(int handle, void* in, void* out) { return execute(handle, kZ2D, in, out, kInverse); }

}  // extern "C"
