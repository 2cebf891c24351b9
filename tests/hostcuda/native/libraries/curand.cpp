// cuRAND's host functions. The distributions are right, the numbers are not those of a GPU.
#include <cstddef>
#include <random>

#include "enqueue.h"

struct Generator {
  std::mt19937_64 engine;
  intptr_t stream = 0;
};

template <class T, class Draw>
static int fill(Generator* generator, T* out, size_t size, Draw draw) {
  return enqueue(generator->stream, [=]() mutable {
    for (size_t i = 0; i < size; i++) out[i] = draw(generator->engine);
  });
}

template <class T>
static int fill_uniform(Generator* generator, T* out, size_t size) {
  // cuRAND's interval is (0, 1].
  return fill(generator, out, size,
              [](auto& engine) { return T(1) - std::generate_canonical<T, 53>(engine); });
}

template <class T, template <class> class Distribution = std::normal_distribution>
static int fill_normal(Generator* generator, T* out, size_t size, T mean, T deviation) {
  Distribution<double> distribution(mean, deviation);
  return fill(generator, out, size, [=](auto& engine) mutable { return (T)distribution(engine); });
}

template <class T>
static int fill_lognormal(Generator* generator, T* out, size_t size, T mean, T deviation) {
  return fill_normal<T, std::lognormal_distribution>(generator, out, size, mean, deviation);
}

extern "C" {

int curandGetVersion(int* version) {
  *version = 10400;
  return 0;
}
int curandCreateGenerator(Generator** generator, int) {
  *generator = new Generator;
  return 0;
}
int curandDestroyGenerator(Generator*) { return 0; }  // queued work may still need it
int curandSetStream(Generator* generator, intptr_t stream) {
  generator->stream = stream;
  return 0;
}
int curandSetPseudoRandomGeneratorSeed(Generator* generator, unsigned long long seed) {
  generator->engine.seed(seed);
  return 0;
}
int curandSetGeneratorOffset(Generator*, unsigned long long) { return 0; }
int curandSetGeneratorOrdering(Generator*, int) { return 0; }

int curandGenerate(Generator* generator, unsigned* out, size_t size) {
  return fill(generator, out, size, [](auto& engine) { return (unsigned)engine(); });
}
int curandGenerateLongLong(Generator* generator, unsigned long long* out, size_t size) {
  return fill(generator, out, size, [](auto& engine) { return engine(); });
}
int curandGenerateUniform(Generator* generator, float* out, size_t size) {
  return fill_uniform(generator, out, size);
}
int curandGenerateUniformDouble(Generator* generator, double* out, size_t size) {
  return fill_uniform(generator, out, size);
}
int curandGenerateNormal(Generator* generator, float* out, size_t size, float mean, float deviation) {
  return fill_normal(generator, out, size, mean, deviation);
}
int curandGenerateNormalDouble(Generator* generator, double* out, size_t size, double mean,
                               double deviation) {
  return fill_normal(generator, out, size, mean, deviation);
}
int curandGenerateLogNormal(Generator* generator, float* out, size_t size, float mean, float deviation) {
  return fill_lognormal(generator, out, size, mean, deviation);
}
int curandGenerateLogNormalDouble(Generator* generator, double* out, size_t size, double mean,
                                  double deviation) {
  return fill_lognormal(generator, out, size, mean, deviation);
}
int curandGeneratePoisson(Generator* generator, unsigned* out, size_t size, double rate) {
  std::poisson_distribution<unsigned> distribution(rate);
  return fill(generator, out, size, [=](auto& engine) mutable { return distribution(engine); });
}

}  // extern "C"
