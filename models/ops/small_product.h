// Products of the size of one attention head, where a BLAS spends its time on packing.
#pragma once

#include <cstdint>

namespace lambdaforge::models {

// Columns come in whole vectors: `n` below is a multiple of this.
inline constexpr int64_t kVectorFloats = 8;
constexpr int64_t round_up_to_vector(int64_t count) {
  return (count + kVectorFloats - 1) / kVectorFloats * kVectorFloats;
}

// Element (i, j) at data[i * row_stride + j * column_stride].
struct StridedMatrix {
  const float* data;
  int64_t row_stride, column_stride;
};

// What a product is added to: rows `row_stride` floats apart, 0 for the same row each time; it may
// be the result itself. Without data: nothing.
struct Addend {
  const float* data = nullptr;
  int64_t row_stride = 0;
};

// c [m, n] = scale * a [m, k] b [k, n] + addend; b and c are row-major, their rows b_stride and
// c_stride floats apart.
void small_product(int64_t m, int64_t n, int64_t k, float scale, StridedMatrix a, const float* b,
                   int64_t b_stride, float* c, int64_t c_stride, Addend addend = {});

// to [columns, to_stride] = from [rows, columns] transposed; what is left of a row of `to` is 0.
void transpose_into(const float* from, int64_t rows, int64_t columns, int64_t from_stride,
                    float* to, int64_t to_stride);

}  // namespace lambdaforge::models
