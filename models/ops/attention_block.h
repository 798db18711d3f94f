// A block of pairs of a packed batch, and the attention of all its heads.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/ops/scratch.h"
#include "models/ops/self_attention.h"

namespace lambdaforge::models {

// Pairs [first, last) of a call to self_attention. Rows are counted from the block's first one:
// those of its tokens, and those of its queries, which are the same or one a pair.
class AttentionBlock {
 public:
  AttentionBlock(const Packing& packing, const SelfAttentionOptions& options, int64_t width,
                 int64_t first, int64_t last)
      : packing_(packing), options_(options), width_(width), first_(first), last_(last) {}

  int64_t first() const { return first_; }
  int64_t last() const { return last_; }
  int64_t width() const { return width_; }  // of a token's hidden row
  int64_t heads() const { return options_.num_heads; }
  int64_t head_size() const { return width_ / options_.num_heads; }
  bool every_token() const { return options_.queries == Queries::kEveryToken; }

  int64_t tokens() const { return token(last_); }
  int64_t queries() const { return query(last_); }
  int64_t token(int64_t pair) const {
    return packing_.pair_offsets[pair] - packing_.pair_offsets[first_];
  }
  int64_t query(int64_t pair) const { return every_token() ? token(pair) : pair - first_; }
  int64_t length(int64_t pair) const { return token(pair + 1) - token(pair); }
  int64_t num_queries(int64_t pair) const { return query(pair + 1) - query(pair); }
  int64_t longest_pair() const;

  // The block's part of a tensor with as many rows as the call has tokens, or queries.
  float* token_rows(const at::Tensor& tensor) const {
    return tensor.mutable_data_ptr<float>() + packing_.pair_offsets[first_] * tensor.size(1);
  }
  float* query_rows(const at::Tensor& tensor) const {
    const int64_t begin = every_token() ? packing_.pair_offsets[first_] : first_;
    return tensor.mutable_data_ptr<float>() + begin * tensor.size(1);
  }

  // Element (head, query, key) of a pair's mask [heads, length, length], for all its queries;
  // nullptr without dropout. `buffer` as for draw_dropout.
  const float* multipliers(int64_t pair, int64_t head, float* buffer) const;

 private:
  const Packing& packing_;
  const SelfAttentionOptions& options_;
  int64_t width_, first_, last_;
};

// Rows of a block: query, context [queries, width], key_value [tokens, 2 * width], log_sums
// [queries, heads] in an order of their own (nullptr: not kept).
void attend(const AttentionBlock& block, const float* query, const float* key_value,
            float* log_sums, float* context, Scratch& scratch);

// Out of d(context): d(query) and d(key_value).
void attend_backward(const AttentionBlock& block, const float* query, const float* key_value,
                     const float* log_sums, const float* context_gradient, float* query_gradient,
                     float* key_value_gradient, Scratch& scratch);

}  // namespace lambdaforge::models
