#include "models/ops/attention_block.h"

#include "models/ops/attention_head.h"
#include "models/ops/dropout_mask.h"

namespace lambdaforge::models {
namespace {

// One head of one pair: where it lies in the rows of its block.
struct Place {
  Place(const AttentionBlock& block, int64_t pair, int64_t head)
      : width(block.width()),
        query(block.query(pair) * width + head * block.head_size()),
        key(block.token(pair) * 2 * width + head * block.head_size()),
        value(key + width),
        log_sums(block.query(pair) * block.heads() + head * block.num_queries(pair)) {}

  template <typename Float>
  HeadRows<Float> query_rows(Float* rows) const {
    return {rows + query, width};
  }
  template <typename Float>
  HeadRows<Float> key_rows(Float* rows) const {
    return {rows + key, 2 * width};
  }
  template <typename Float>
  HeadRows<Float> value_rows(Float* rows) const {
    return {rows + value, 2 * width};
  }

  int64_t width;
  int64_t query, key, value, log_sums;  // floats from the block's first one
};

// body(head, place, multipliers, scratch) for every head of every pair.
template <typename Body>
void for_each_head(const AttentionBlock& block, const float* query, const float* key_value,
                   Scratch& scratch, const Body& body) {
  const int64_t longest = block.longest_pair();
  const int64_t queries = block.every_token() ? longest : 1;
  float* buffer = scratch.take(dropout_buffer_size(queries * longest));
  float* working_memory =
      scratch.take(AttentionHead::scratch_size(queries, longest, block.head_size()));
  for (int64_t pair = block.first(); pair < block.last(); ++pair)
    for (int64_t index = 0; index < block.heads(); ++index) {
      const Place place(block, pair, index);
      const AttentionHead head{block.num_queries(pair),   block.length(pair),
                               block.head_size(),         place.query_rows(query),
                               place.key_rows(key_value), place.value_rows(key_value)};
      body(head, place, block.multipliers(pair, index, buffer), working_memory);
    }
}

}  // namespace

int64_t AttentionBlock::longest_pair() const {
  int64_t longest = 0;
  for (int64_t pair = first_; pair < last_; ++pair) longest = std::max(longest, length(pair));
  return longest;
}

const float* AttentionBlock::multipliers(int64_t pair, int64_t head, float* buffer) const {
  if (options_.dropout.probability <= 0) return nullptr;
  return draw_dropout(options_.dropout, packing_.pair_keys[pair],
                      head * length(pair) * length(pair), num_queries(pair) * length(pair), buffer);
}

void attend(const AttentionBlock& block, const float* query, const float* key_value,
            float* log_sums, float* context, Scratch& scratch) {
  for_each_head(block, query, key_value, scratch,
                [&](const AttentionHead& head, const Place& place, const float* multipliers,
                    float* working_memory) {
                  attention_head_forward(head, multipliers,
                                         log_sums ? log_sums + place.log_sums : nullptr,
                                         place.query_rows(context), working_memory);
                });
}

void attend_backward(const AttentionBlock& block, const float* query, const float* key_value,
                     const float* log_sums, const float* context_gradient, float* query_gradient,
                     float* key_value_gradient, Scratch& scratch) {
  for_each_head(block, query, key_value, scratch,
                [&](const AttentionHead& head, const Place& place, const float* multipliers,
                    float* working_memory) {
                  attention_head_backward(head, multipliers, log_sums + place.log_sums,
                                          {.context = place.query_rows(context_gradient),
                                           .query = place.query_rows(query_gradient),
                                           .key = place.key_rows(key_value_gradient),
                                           .value = place.value_rows(key_value_gradient)},
                                          working_memory);
                });
}

}  // namespace lambdaforge::models
