#include "models/ops/self_attention_cpu.h"

#include "models/ops/attention_block.h"
#include "models/ops/blocks.h"
#include "models/ops/gemm.h"
#include "models/ops/gradient_parts.h"
#include "models/ops/packed_matrix.h"
#include "models/ops/row_kernels.h"

namespace lambdaforge::models {
namespace {

// qkv's rows: those of the query, then those of key and value together.
struct Projection {
  explicit Projection(const Linear& qkv)
      : width(qkv.weight.size(1)),
        query_weight{qkv.weight.const_data_ptr<float>(), width},
        key_value_weight{query_weight.data + width * width, width},
        query_bias(qkv.bias.const_data_ptr<float>()),
        key_value_bias(query_bias + width) {}

  int64_t width;
  Matrix query_weight, key_value_weight;  // [width, width], [2 * width, width]
  const float *query_bias, *key_value_bias;
};

struct ForwardProjection : Projection {
  explicit ForwardProjection(const Linear& qkv) : Projection(qkv) {}
  PackedMatrix query{transpose(query_weight), width, width};
  PackedMatrix key_value{transpose(key_value_weight), width, 2 * width};
};

struct BackwardProjection : Projection {
  explicit BackwardProjection(const Linear& qkv) : Projection(qkv) {}
  PackedMatrix through_query{query_weight, width, width};
  PackedMatrix through_key_value{key_value_weight, 2 * width, width};
};

// The hidden rows of the block's queries, side by side: those of its tokens, or the first of each
// pair.
const float* query_inputs(const AttentionBlock& block, const float* hidden, Scratch& scratch) {
  if (block.every_token()) return hidden;
  const int64_t width = block.width();
  float* rows = scratch.take(block.queries() * width);
  for (int64_t pair = block.first(); pair < block.last(); ++pair)
    std::copy_n(hidden + block.token(pair) * width, width, rows + block.query(pair) * width);
  return rows;
}

void project(const AttentionBlock& block, const ForwardProjection& projection, const float* hidden,
             float* query, float* key_value, Scratch& scratch) {
  projection.query.multiply_and_add_bias(block.queries(), query_inputs(block, hidden, scratch),
                                         projection.query_bias, query);
  projection.key_value.multiply_and_add_bias(block.tokens(), hidden, projection.key_value_bias,
                                             key_value);
}

// Adds to the gradients of qkv's weight and bias.
void add_parameter_gradients(const AttentionBlock& block, const float* hidden,
                             const float* query_gradient, const float* key_value_gradient,
                             float* weight_gradient, float* bias_gradient, Scratch& scratch) {
  const int64_t width = block.width();
  add_column_sums(query_gradient, block.queries(), width, bias_gradient);
  add_column_sums(key_value_gradient, block.tokens(), 2 * width, bias_gradient + width);
  multiply(width, width, block.queries(), transpose({query_gradient, width}),
           {query_inputs(block, hidden, scratch), width}, weight_gradient, width,
           {.accumulate = true});
  multiply(2 * width, width, block.tokens(), transpose({key_value_gradient, 2 * width}),
           {hidden, width}, weight_gradient + width * width, width, {.accumulate = true});
}

void project_backward(const AttentionBlock& block, const BackwardProjection& projection,
                      const float* query_gradient, const float* key_value_gradient,
                      float* hidden_gradient, Scratch& scratch) {
  projection.through_key_value.multiply(block.tokens(), key_value_gradient, hidden_gradient);
  if (block.every_token()) {
    projection.through_query.multiply(block.tokens(), query_gradient, hidden_gradient,
                                      /*accumulate=*/true);
    return;
  }
  const int64_t width = block.width();
  float* of_queries = scratch.take(block.queries() * width);
  projection.through_query.multiply(block.queries(), query_gradient, of_queries);
  for (int64_t pair = block.first(); pair < block.last(); ++pair)
    add_row(hidden_gradient + block.token(pair) * width, of_queries + block.query(pair) * width,
            width);
}

}  // namespace

at::Tensor self_attention_forward(const at::Tensor& hidden, const Linear& qkv,
                                  const Packing& packing, const SelfAttentionOptions& options,
                                  AttentionActivations* activations) {
  const ForwardProjection projection(qkv);
  const int64_t width = projection.width, tokens = hidden.size(0);
  const int64_t queries = options.queries == Queries::kEveryToken ? tokens : packing.num_pairs();
  const auto floats = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor context = at::empty({queries, width}, floats);
  if (activations)
    *activations = {at::empty({queries, width}, floats), at::empty({tokens, 2 * width}, floats),
                    at::empty({queries, options.num_heads}, floats)};

  for_each_pair_block(packing, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const AttentionBlock block(packing, options, width, first, last);
    float* query =
        activations ? block.query_rows(activations->query) : scratch.take(block.queries() * width);
    float* key_value = activations ? block.token_rows(activations->key_value)
                                   : scratch.take(block.tokens() * 2 * width);
    float* log_sums = activations ? block.query_rows(activations->log_sums) : nullptr;
    project(block, projection, block.token_rows(hidden), query, key_value, scratch);
    attend(block, query, key_value, log_sums, block.query_rows(context), scratch);
  });
  return context;
}

AttentionGradients self_attention_backward(const at::Tensor& context_gradient,
                                           const at::Tensor& hidden, const Linear& qkv,
                                           const AttentionActivations& activations,
                                           const Packing& packing,
                                           const SelfAttentionOptions& options) {
  const BackwardProjection projection(qkv);
  const int64_t width = projection.width;
  const at::Tensor hidden_gradient = at::empty_like(hidden);
  GradientParts parameters({qkv.weight, qkv.bias});

  for_each_pair_block(packing, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const AttentionBlock block(packing, options, width, first, last);
    float* query_gradient = scratch.take(block.queries() * width);
    float* key_value_gradient = scratch.take(block.tokens() * 2 * width);
    attend_backward(block, block.query_rows(activations.query),
                    block.token_rows(activations.key_value), block.query_rows(activations.log_sums),
                    block.query_rows(context_gradient), query_gradient, key_value_gradient,
                    scratch);
    add_parameter_gradients(block, block.token_rows(hidden), query_gradient, key_value_gradient,
                            parameters.of(0), parameters.of(1), scratch);
    project_backward(block, projection, query_gradient, key_value_gradient,
                     block.token_rows(hidden_gradient), scratch);
  });
  const std::vector<at::Tensor> sums = parameters.sum();
  return {hidden_gradient, sums[0], sums[1]};
}

}  // namespace lambdaforge::models
