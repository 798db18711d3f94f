#include "models/ops/packed_matrix.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace lambdaforge::models {
namespace {

constexpr int64_t kPanelColumns = 2 * kVectorFloats;
// Rows of `a` that stay in the second-level cache while the panels pass by.
constexpr int64_t kRowsAtOnce = 120;

bool panels_are_faster() {
#ifdef __x86_64__
  static const bool faster = __builtin_cpu_supports("avx2") && !__builtin_cpu_supports("avx512f");
  return faster;
#else
  return false;
#endif
}

// Columns [first, first + width) of b [k, ...] as [k, width]
void pack_panel(Matrix b, int64_t k, int64_t first, int64_t width, float* panel) {
  if (b.transposed) {
    transpose_into(b.data + first * b.stride, width, k, b.stride, panel, width);
  } else {
    for (int64_t row = 0; row < k; ++row)
      std::copy_n(b.data + row * b.stride + first, width, panel + row * width);
  }
}

}  // namespace

PackedMatrix::PackedMatrix(Matrix b, int64_t k, int64_t n) : b_(b), k_(k), n_(n) {
  if (!panels_are_faster() || n % kVectorFloats != 0) return;
  panels_ = at::empty({k * n}, at::kFloat);
  float* panels = panels_.mutable_data_ptr<float>();
  at::parallel_for(0, (n + kPanelColumns - 1) / kPanelColumns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kPanelColumns;
      pack_panel(b, k, first, std::min(kPanelColumns, n - first), panels + first * k);
    }
  });
}

void PackedMatrix::multiply_and_add_bias(int64_t m, const float* a, const float* bias,
                                         float* c) const {
  if (panels_.defined()) {
    run(m, a, c, {bias, 0});
  } else {
    models::multiply_and_add_bias(m, n_, k_, {a, k_}, b_, bias, c);
  }
}

void PackedMatrix::multiply(int64_t m, const float* a, float* c, bool accumulate) const {
  if (panels_.defined()) {
    run(m, a, c, accumulate ? Addend{c, n_} : Addend{});
  } else {
    models::multiply(m, n_, k_, {a, k_}, b_, c, n_, {.accumulate = accumulate});
  }
}

void PackedMatrix::run(int64_t m, const float* a, float* c, Addend addend) const {
  const float* panels = panels_.const_data_ptr<float>();
  for (int64_t row = 0; row < m; row += kRowsAtOnce) {
    const int64_t rows = std::min(kRowsAtOnce, m - row);
    for (int64_t first = 0; first < n_; first += kPanelColumns) {
      const int64_t width = std::min(kPanelColumns, n_ - first);
      const Addend here{addend.data ? addend.data + row * addend.row_stride + first : nullptr,
                        addend.row_stride};
      small_product(rows, width, k_, 1.0f, {a + row * k_, k_, 1}, panels + first * k_, width,
                    c + row * n_ + first, n_, here);
    }
  }
}

}  // namespace lambdaforge::models
