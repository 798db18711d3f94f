// Products of float matrices that are slices of larger ones: the BLAS inside libtorch, called
// directly, because a tensor for each slice would cost more than a small product.
#pragma once

#include <cstdint>

namespace lambdaforge::models {

// Row-major; the rows are `stride` floats apart. `transposed`: read as its transpose.
struct Matrix {
  const float* data;
  int64_t stride;
  bool transposed = false;
};

inline Matrix transpose(Matrix matrix) {
  return {matrix.data, matrix.stride, !matrix.transposed};
}

struct GemmOptions {
  bool accumulate = false;  // add to c instead of overwriting it
};

// c [m, n] = a [m, k] b [k, n]. Runs on the calling thread alone when that is inside
// at::parallel_for.
void multiply(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float* c, int64_t c_stride,
              GemmOptions options = {});

// c [m, n] = bias [n] + a [m, k] b [k, n], without gaps between the rows of c
void multiply_and_add_bias(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, const float* bias,
                           float* c);

}  // namespace lambdaforge::models
