#include "models/ops/small_product.h"

#include <cstring>

#include "models/ops/kernel.h"

namespace lambdaforge::models {
namespace {

using Vector = float __attribute__((vector_size(kVectorFloats * sizeof(float)), aligned(4)));

// A tile of the result that stays in registers: Rows x (Columns vectors).
template <int Rows, int Columns>
[[gnu::always_inline]] inline void tile(int64_t k, float scale, StridedMatrix a, const float* b,
                                        int64_t b_stride, float* c, int64_t c_stride,
                                        Addend addend) {
  Vector sums[Rows][Columns] = {};
  for (int64_t step = 0; step < k; ++step, b += b_stride, a.data += a.column_stride) {
    Vector right[Columns];
    for (int column = 0; column < Columns; ++column)
      right[column] = *reinterpret_cast<const Vector*>(b + column * kVectorFloats);
    for (int row = 0; row < Rows; ++row) {
      const float left = a.data[row * a.row_stride];
      for (int column = 0; column < Columns; ++column) sums[row][column] += left * right[column];
    }
  }
  for (int row = 0; row < Rows; ++row)
    for (int column = 0; column < Columns; ++column) {
      Vector result = sums[row][column] * scale;
      const int64_t offset = column * kVectorFloats;
      if (addend.data)
        result += *reinterpret_cast<const Vector*>(addend.data + row * addend.row_stride + offset);
      *reinterpret_cast<Vector*>(c + row * c_stride + offset) = result;
    }
}

// Six rows by two vectors: twelve sums, two vectors of b and one of a fill AVX2's sixteen
// registers.
constexpr int kTileRows = 6, kTileColumns = 2;

template <int Columns>
[[gnu::always_inline]] inline void column_panel(int64_t m, int64_t k, float scale, StridedMatrix a,
                                                const float* b, int64_t b_stride, float* c,
                                                int64_t c_stride, Addend addend) {
  int64_t row = 0;
  const auto rest = [&]<int Rows>() __attribute__((always_inline)) {
    tile<Rows, Columns>(k, scale, a, b, b_stride, c, c_stride, addend);
  };
  for (; row + kTileRows <= m; row += kTileRows) {
    tile<kTileRows, Columns>(k, scale, a, b, b_stride, c, c_stride, addend);
    a.data += kTileRows * a.row_stride;
    c += kTileRows * c_stride;
    if (addend.data) addend.data += kTileRows * addend.row_stride;
  }
  switch (m - row) {
    case 5:
      rest.template operator()<5>();
      break;
    case 4:
      rest.template operator()<4>();
      break;
    case 3:
      rest.template operator()<3>();
      break;
    case 2:
      rest.template operator()<2>();
      break;
    case 1:
      rest.template operator()<1>();
      break;
  }
}

// Eight rows of eight floats: pairs of rows are interleaved, then pairs of those, then halves
// swapped.
[[gnu::always_inline]] inline void transpose_block(const float* from, int64_t from_stride,
                                                   float* to, int64_t to_stride) {
  static_assert(kVectorFloats == 8);
  Vector rows[8], pairs[8], quads[8];
  for (int i = 0; i < 8; ++i) rows[i] = *reinterpret_cast<const Vector*>(from + i * from_stride);
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; ++j) {
      const Vector &upper = pairs[i + j], &lower = pairs[i + j + 2];
      quads[i + 2 * j] = __builtin_shufflevector(upper, lower, 0, 1, 8, 9, 4, 5, 12, 13);
      quads[i + 2 * j + 1] = __builtin_shufflevector(upper, lower, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; ++i) {
    *reinterpret_cast<Vector*>(to + i * to_stride) =
        __builtin_shufflevector(quads[i], quads[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    *reinterpret_cast<Vector*>(to + (i + 4) * to_stride) =
        __builtin_shufflevector(quads[i], quads[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

}  // namespace

LAMBDAFORGE_KERNEL
void small_product(int64_t m, int64_t n, int64_t k, float scale, StridedMatrix a, const float* b,
                   int64_t b_stride, float* c, int64_t c_stride, Addend addend) {
  constexpr int64_t kPanel = kTileColumns * kVectorFloats;
  int64_t column = 0;
  const auto addend_here = [&]() __attribute__((always_inline)) {
    return Addend{addend.data ? addend.data + column : nullptr, addend.row_stride};
  };
  for (; column + kPanel <= n; column += kPanel)
    column_panel<kTileColumns>(m, k, scale, a, b + column, b_stride, c + column, c_stride,
                               addend_here());
  if (column < n)
    column_panel<1>(m, k, scale, a, b + column, b_stride, c + column, c_stride, addend_here());
}

LAMBDAFORGE_KERNEL
void transpose_into(const float* from, int64_t rows, int64_t columns, int64_t from_stride,
                    float* to, int64_t to_stride) {
  const int64_t block_rows = rows / kVectorFloats * kVectorFloats;
  const int64_t block_columns = columns / kVectorFloats * kVectorFloats;
  for (int64_t row = 0; row < block_rows; row += kVectorFloats)
    for (int64_t column = 0; column < block_columns; column += kVectorFloats)
      transpose_block(from + row * from_stride + column, from_stride, to + column * to_stride + row,
                      to_stride);
  for (int64_t column = 0; column < columns; ++column) {
    const int64_t done = column < block_columns ? block_rows : 0;
    for (int64_t row = done; row < rows; ++row)
      to[column * to_stride + row] = from[row * from_stride + column];
    std::memset(to + column * to_stride + rows, 0, (to_stride - rows) * sizeof(float));
  }
}

}  // namespace lambdaforge::models
