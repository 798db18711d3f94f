#include "models/ops/self_attention_cpu.h"

#include "models/ops/attention_head.h"
#include "models/ops/blocks.h"
#include "models/ops/dropout_mask.h"
#include "models/ops/gemm.h"
#include "models/ops/gradient_parts.h"
#include "models/ops/row_kernels.h"
#include "models/ops/scratch.h"

namespace lambdaforge::models {
namespace {

// The sizes of a call, and where its pairs begin among the tokens and among the queries.
struct Layout {
  Layout(const at::Tensor& hidden, const Packing& packing, const SelfAttentionOptions& options)
      : packing(packing),
        options(options),
        width(hidden.size(1)),
        heads(options.num_heads),
        head_size(width / heads) {}

  int64_t token(int64_t pair) const { return packing.pair_offsets[pair]; }
  int64_t length(int64_t pair) const { return token(pair + 1) - token(pair); }
  bool every_token() const { return options.queries == Queries::kEveryToken; }
  int64_t query(int64_t pair) const { return every_token() ? token(pair) : pair; }
  int64_t num_queries(int64_t pair) const { return query(pair + 1) - query(pair); }

  const Packing& packing;
  const SelfAttentionOptions& options;
  int64_t width, heads, head_size;
};

// The hidden rows of the queries of pairs [first, last), side by side.
const float* query_inputs(const Layout& layout, const float* hidden, int64_t first, int64_t last,
                          Scratch& scratch) {
  if (layout.every_token()) return hidden + layout.token(first) * layout.width;
  float* rows = scratch.take((last - first) * layout.width);
  for (int64_t pair = first; pair < last; ++pair)
    std::copy_n(hidden + layout.token(pair) * layout.width, layout.width,
                rows + (pair - first) * layout.width);
  return rows;
}

int64_t longest_pair(const Layout& layout, int64_t first, int64_t last) {
  int64_t longest = 0;
  for (int64_t pair = first; pair < last; ++pair) longest = std::max(longest, layout.length(pair));
  return longest;
}

// Where a head's rows and columns are in the packed tensors.
struct HeadPlace {
  int64_t query_row, token_row, column;
  int64_t log_sums;          // index of the first of its queries'
  const float* multipliers;  // [queries, length]; nullptr: no dropout
};

// All heads of pairs [first, last).
class HeadLoop {
 public:
  HeadLoop(const Layout& layout, int64_t first, int64_t last, Scratch& scratch)
      : layout_(layout), first_(first), last_(last) {
    const int64_t longest = longest_pair(layout, first, last);
    const int64_t queries = layout.every_token() ? longest : 1;
    buffer_ = scratch.take(dropout_buffer_size(queries * longest));
    head_scratch_ = scratch.take(AttentionHead::scratch_size(queries, longest, layout.head_size));
  }

  float* head_scratch() const { return head_scratch_; }

  // body(head, place); query and key_value point at the rows of the first pair.
  template <typename Body>
  void run(const float* query, const float* key_value, const Body& body) const {
    const int64_t width = layout_.width;
    for (int64_t pair = first_; pair < last_; ++pair)
      for (int64_t index = 0; index < layout_.heads; ++index) {
        HeadPlace place{layout_.query(pair), layout_.token(pair), index * layout_.head_size, 0,
                        nullptr};
        AttentionHead head{layout_.num_queries(pair), layout_.length(pair), layout_.head_size};
        const float* key =
            key_value + (place.token_row - layout_.token(first_)) * 2 * width + place.column;
        head.query = {query + (place.query_row - layout_.query(first_)) * width + place.column,
                      width};
        head.key = {key, 2 * width};
        head.value = {key + width, 2 * width};
        place.log_sums = layout_.heads * place.query_row + index * head.queries;
        place.multipliers = multipliers(pair, index);
        body(head, place);
      }
  }

 private:
  // Element (head, query, key) of the pair's mask [heads, length, length].
  const float* multipliers(int64_t pair, int64_t head) const {
    const DropoutSite& site = layout_.options.dropout;
    if (site.probability <= 0) return nullptr;
    const int64_t length = layout_.length(pair);
    return draw_dropout(site, layout_.packing.pair_keys[pair], head * length * length,
                        layout_.num_queries(pair) * length, buffer_);
  }

  const Layout& layout_;
  int64_t first_, last_;
  float *buffer_, *head_scratch_;
};

}  // namespace

at::Tensor self_attention_forward(const at::Tensor& hidden, const Linear& qkv,
                                  const Packing& packing, const SelfAttentionOptions& options,
                                  AttentionActivations* activations) {
  const Layout layout(hidden, packing, options);
  const int64_t width = layout.width, queries = layout.query(packing.num_pairs());
  const auto float_options = at::TensorOptions().dtype(at::kFloat);
  at::Tensor context = at::empty({queries, width}, float_options);
  if (activations)
    *activations = {at::empty({queries, width}, float_options),
                    at::empty({hidden.size(0), 2 * width}, float_options),
                    at::empty({layout.heads * queries}, float_options)};
  const float* input = hidden.const_data_ptr<float>();
  const float* weight = qkv.weight.const_data_ptr<float>();
  const float* bias = qkv.bias.const_data_ptr<float>();
  float* output = context.mutable_data_ptr<float>();

  for_each_pair_block(packing, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const int64_t tokens = layout.token(last) - layout.token(first);
    const int64_t block_queries = layout.query(last) - layout.query(first);
    float* query = activations
                       ? activations->query.mutable_data_ptr<float>() + layout.query(first) * width
                       : scratch.take(block_queries * width);
    float* key_value = activations ? activations->key_value.mutable_data_ptr<float>() +
                                         layout.token(first) * 2 * width
                                   : scratch.take(tokens * 2 * width);
    multiply_and_add_bias(block_queries, width, width,
                          {query_inputs(layout, input, first, last, scratch), width},
                          transpose({weight, width}), bias, query);
    multiply_and_add_bias(tokens, 2 * width, width, {input + layout.token(first) * width, width},
                          transpose({weight + width * width, width}), bias + width, key_value);

    HeadLoop heads(layout, first, last, scratch);
    heads.run(query, key_value, [&](const AttentionHead& head, const HeadPlace& place) {
      attention_head_forward(
          head, place.multipliers,
          activations ? activations->log_sums.mutable_data_ptr<float>() + place.log_sums : nullptr,
          {output + place.query_row * width + place.column, width}, heads.head_scratch());
    });
  });
  return context;
}

AttentionGradients self_attention_backward(const at::Tensor& context_gradient,
                                           const at::Tensor& hidden, const Linear& qkv,
                                           const AttentionActivations& activations,
                                           const Packing& packing,
                                           const SelfAttentionOptions& options) {
  const Layout layout(hidden, packing, options);
  const int64_t width = layout.width;
  at::Tensor hidden_gradient = at::empty_like(hidden);
  GradientParts parameter_gradients({qkv.weight, qkv.bias});
  const float* input = hidden.const_data_ptr<float>();
  const float* weight = qkv.weight.const_data_ptr<float>();
  const float* gradient = context_gradient.const_data_ptr<float>();
  const float* query = activations.query.const_data_ptr<float>();
  const float* key_value = activations.key_value.const_data_ptr<float>();
  const float* log_sums = activations.log_sums.const_data_ptr<float>();

  for_each_pair_block(packing, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const int64_t tokens = layout.token(last) - layout.token(first);
    const int64_t block_queries = layout.query(last) - layout.query(first);
    float* query_gradient = scratch.take(block_queries * width);
    float* key_value_gradient = scratch.take(tokens * 2 * width);
    HeadLoop heads(layout, first, last, scratch);
    heads.run(query + layout.query(first) * width, key_value + layout.token(first) * 2 * width,
              [&](const AttentionHead& head, const HeadPlace& place) {
                const int64_t query_row = place.query_row - layout.query(first);
                const int64_t token_row = place.token_row - layout.token(first);
                float* key = key_value_gradient + token_row * 2 * width + place.column;
                attention_head_backward(
                    head, place.multipliers, log_sums + place.log_sums,
                    {.context = {gradient + place.query_row * width + place.column, width},
                     .query = {query_gradient + query_row * width + place.column, width},
                     .key = {key, 2 * width},
                     .value = {key + width, 2 * width}},
                    heads.head_scratch());
              });

    float* weight_gradient = parameter_gradients.of(0);
    float* bias_gradient = parameter_gradients.of(1);
    add_column_sums(query_gradient, block_queries, width, bias_gradient);
    add_column_sums(key_value_gradient, tokens, 2 * width, bias_gradient + width);
    const float* inputs = input + layout.token(first) * width;
    multiply(width, width, block_queries, transpose({query_gradient, width}),
             {query_inputs(layout, input, first, last, scratch), width}, weight_gradient, width,
             {.accumulate = true});
    multiply(2 * width, width, tokens, transpose({key_value_gradient, 2 * width}), {inputs, width},
             weight_gradient + width * width, width, {.accumulate = true});
    float* input_gradient = hidden_gradient.mutable_data_ptr<float>() + layout.token(first) * width;
    multiply(tokens, width, 2 * width, {key_value_gradient, 2 * width},
             {weight + width * width, width}, input_gradient, width);
    if (layout.every_token()) {
      multiply(tokens, width, width, {query_gradient, width}, {weight, width}, input_gradient,
               width, {.accumulate = true});
    } else {
      float* first_token_gradient = scratch.take(block_queries * width);
      multiply(block_queries, width, width, {query_gradient, width}, {weight, width},
               first_token_gradient, width);
      for (int64_t pair = first; pair < last; ++pair)
        add_row(input_gradient + (layout.token(pair) - layout.token(first)) * width,
                first_token_gradient + (pair - first) * width, width);
    }
  });
  std::vector<at::Tensor> sums = parameter_gradients.sum();
  return {hidden_gradient, sums[0], sums[1]};
}

}  // namespace lambdaforge::models
