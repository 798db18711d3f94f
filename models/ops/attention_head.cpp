#include "models/ops/attention_head.h"

#include <algorithm>
#include <cmath>

#include "models/ops/row_kernels.h"
#include "models/ops/small_product.h"

namespace lambdaforge::models {
namespace {

float logit_scale(const AttentionHead& head) {
  return 1.0f / std::sqrt(static_cast<float>(head.size));
}

// The pieces of a head that a product reads as its right side, side by side, and room for the
// probabilities and their gradient.
class WorkingMemory {
 public:
  WorkingMemory(const AttentionHead& head, float* scratch)
      : size_(head.size), width_(round_up_to_vector(head.length)), next_(scratch) {}

  // Width of a [queries, length] matrix with its rows rounded up to vectors.
  int64_t width() const { return width_; }

  float* matrix(int64_t queries) { return take(queries * width_); }

  // [rows, size]
  const float* pack(HeadRows<const float> from, int64_t rows) {
    float* packed = take(rows * size_);
    for (int64_t row = 0; row < rows; ++row)
      std::copy_n(from.data + row * from.stride, size_, packed + row * size_);
    return packed;
  }

  // [size, width()]
  const float* pack_transposed(HeadRows<const float> from, int64_t rows) {
    float* packed = take(size_ * width_);
    transpose_into(from.data, rows, size_, from.stride, packed, width_);
    return packed;
  }

 private:
  float* take(int64_t count) {
    float* taken = next_;
    next_ += round_up_to_vector(count);
    return taken;
  }

  int64_t size_, width_;
  float* next_;
};

// a [rows, size] times b [size, width], both of them per head
void multiply_by_transposed(HeadRows<const float> a, int64_t rows, const float* b, float scale,
                            const AttentionHead& head, int64_t width, float* out) {
  small_product(rows, width, head.size, scale, {a.data, a.stride, 1}, b, width, out, width);
}

}  // namespace

int64_t AttentionHead::scratch_size(int64_t queries, int64_t length, int64_t size) {
  const int64_t width = round_up_to_vector(length);
  return 2 * queries * width + 2 * size * width + (2 * queries + length) * size + 8 * kVectorFloats;
}

void attention_head_forward(const AttentionHead& head, const float* multipliers, float* log_sums,
                            HeadRows<float> context, float* scratch) {
  WorkingMemory memory(head, scratch);
  const int64_t width = memory.width();
  float* weights = memory.matrix(head.queries);
  multiply_by_transposed(head.query, head.queries, memory.pack_transposed(head.key, head.length),
                         logit_scale(head), head, width, weights);
  dropped_softmax(weights, multipliers, head.queries, head.length, width, log_sums);
  small_product(head.queries, head.size, head.length, 1.0f, {weights, width, 1},
                memory.pack(head.value, head.length), head.size, context.data, context.stride);
}

void attention_head_backward(const AttentionHead& head, const float* multipliers,
                             const float* log_sums, const AttentionHeadGradients& gradients,
                             float* scratch) {
  WorkingMemory memory(head, scratch);
  const int64_t width = memory.width(), queries = head.queries, length = head.length,
                size = head.size;
  const float scale = logit_scale(head);
  float* weights = memory.matrix(queries);
  float* weights_gradient = memory.matrix(queries);
  multiply_by_transposed(head.query, queries, memory.pack_transposed(head.key, length), scale, head,
                         width, weights);
  multiply_by_transposed(gradients.context, queries, memory.pack_transposed(head.value, length),
                         1.0f, head, width, weights_gradient);
  dropped_softmax_backward(weights, weights_gradient, multipliers, log_sums, queries, length,
                           width);
  const float* logits_gradient = weights_gradient;
  small_product(length, size, queries, 1.0f, {weights, 1, width},
                memory.pack(gradients.context, queries), size, gradients.value.data,
                gradients.value.stride);
  small_product(queries, size, length, scale, {logits_gradient, width, 1},
                memory.pack(head.key, length), size, gradients.query.data, gradients.query.stride);
  small_product(length, size, queries, scale, {logits_gradient, 1, width},
                memory.pack(head.query, queries), size, gradients.key.data, gradients.key.stride);
}

}  // namespace lambdaforge::models
