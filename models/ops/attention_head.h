// Attention of one head of one pair; all of it fits into the cache.
#pragma once

#include <cstdint>

namespace lambdaforge::models {

// Rows of a packed tensor that belong to one pair, and of them the columns of one head.
template <typename Float>
struct HeadRows {
  Float* data;
  int64_t stride;  // floats from row to row
};

// query [queries, size]; key, value [length, size]; size is a multiple of kVectorFloats.
struct AttentionHead {
  int64_t queries, length, size;
  HeadRows<const float> query, key, value;

  // Floats of working memory for a head of up to these sizes, forward or backward.
  static int64_t scratch_size(int64_t queries, int64_t length, int64_t size);
};

// context [queries, size] = dropout(softmax(query key^T / sqrt(size))) value. multipliers [queries,
// length] of the dropout; nullptr without. log_sums [queries]: logarithms of the softmax'
// denominators, for the backward pass; nullptr when there is none.
void attention_head_forward(const AttentionHead& head, const float* multipliers, float* log_sums,
                            HeadRows<float> context, float* scratch);

struct AttentionHeadGradients {
  HeadRows<const float> context;      // in
  HeadRows<float> query, key, value;  // out
};

void attention_head_backward(const AttentionHead& head, const float* multipliers,
                             const float* log_sums, const AttentionHeadGradients& gradients,
                             float* scratch);

}  // namespace lambdaforge::models
