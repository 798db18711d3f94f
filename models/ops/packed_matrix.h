// The right side of many products: a weight, put into the order in which the kernel reads it.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/gemm.h"
#include "models/ops/small_product.h"

namespace lambdaforge::models {

// b [k, n] in panels of 16 columns, each as long as a product needs it in the first-level cache.
// With AVX2 and without AVX-512 this is faster than the BLAS (tests/bench/RESULTS.md), which would
// order the same weight anew for every block of rows; elsewhere, or when n fills no vectors, it
// keeps `b` and calls the BLAS. Packs on all threads; `b` must outlive it.
class PackedMatrix {
 public:
  PackedMatrix(Matrix b, int64_t k, int64_t n);

  // c [m, n] = a [m, k] b + bias [n]; rows of a and c without gaps. Thread-safe.
  void multiply_and_add_bias(int64_t m, const float* a, const float* bias, float* c) const;
  // c [m, n] = a [m, k] b, or c += a b
  void multiply(int64_t m, const float* a, float* c, bool accumulate = false) const;

 private:
  void run(int64_t m, const float* a, float* c, Addend addend) const;

  Matrix b_;
  int64_t k_, n_;
  at::Tensor panels_;  // [k * n]; undefined: the BLAS does it
};

}  // namespace lambdaforge::models
