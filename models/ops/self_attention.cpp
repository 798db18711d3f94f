#include "models/ops/self_attention.h"

#include "models/ops/dropout_mask.h"
#include "models/ops/held.h"
#include "models/ops/self_attention_cpu.h"
#include "models/ops/small_product.h"

namespace lambdaforge::models {
namespace {

struct Call {
  PackingPtr packing;
  SelfAttentionOptions options;
};

class SelfAttention : public torch::autograd::Function<SelfAttention> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const at::Tensor& bias, const Call& call) {
    AttentionActivations kept;
    const at::Tensor result =
        self_attention_forward(hidden, {weight, bias}, *call.packing, call.options, &kept);
    context->save_for_backward({hidden, weight, bias});
    context->saved_data["kept"] = hold(kept);
    context->saved_data["call"] = hold(call);
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto call = held<Call>(context->saved_data["call"]);
    const auto kept = held<AttentionActivations>(context->saved_data["kept"]);
    const auto saved = context->get_saved_variables();
    const AttentionGradients result =
        self_attention_backward(gradients[0].contiguous(), saved[0], {saved[1], saved[2]}, kept,
                                *call.packing, call.options);
    return {result.hidden, result.weight, result.bias, at::Tensor()};
  }
};

// probabilities [heads, length, length] of one pair
at::Tensor drop(const at::Tensor& probabilities, uint32_t pair_key, const DropoutSite& site) {
  if (site.probability <= 0) return probabilities;
  const at::Tensor multipliers =
      dropout_multipliers(site, pair_key, probabilities.numel(), probabilities.device());
  return probabilities * multipliers.view_as(probabilities).to(probabilities.scalar_type());
}

}  // namespace

at::Tensor self_attention(const at::Tensor& hidden, const Linear& qkv, const PackingPtr& packing,
                          const SelfAttentionOptions& options) {
  const int64_t head_size = hidden.size(1) / options.num_heads;
  if (!hidden.is_cpu() || hidden.scalar_type() != at::kFloat || head_size % kVectorFloats != 0)
    return self_attention_anywhere(hidden, qkv, *packing, options);
  if (!at::GradMode::is_enabled())
    return self_attention_forward(hidden.contiguous(), qkv, *packing, options, nullptr);
  return SelfAttention::apply(hidden.contiguous(), qkv.weight, qkv.bias, Call{packing, options});
}

at::Tensor self_attention_anywhere(const at::Tensor& hidden, const Linear& qkv,
                                   const Packing& packing, const SelfAttentionOptions& options) {
  const int64_t width = hidden.size(1);
  const int64_t heads = options.num_heads, head_size = width / heads;
  const at::Tensor projected = qkv(hidden);  // [tokens, 3 * hidden]
  std::vector<at::Tensor> contexts = {projected.new_empty({0, width})};
  for (int64_t pair = 0; pair < packing.num_pairs(); ++pair) {
    const int64_t begin = packing.pair_offsets[pair];
    const int64_t length = packing.pair_offsets[pair + 1] - begin;
    const at::Tensor parts =  // [3, heads, length, head_size]
        projected.narrow(0, begin, length)
            .view({length, 3, heads, head_size})
            .permute({1, 2, 0, 3});
    const at::Tensor logits =
        at::matmul(parts[0], parts[1].transpose(1, 2)) / std::sqrt(static_cast<double>(head_size));
    const at::Tensor probabilities =
        drop(at::softmax(logits, -1), packing.pair_keys[pair], options.dropout);
    contexts.push_back(
        at::matmul(probabilities, parts[2]).transpose(0, 1).reshape({length, width}));
  }
  const at::Tensor context = at::cat(contexts);
  return options.queries == Queries::kEveryToken
             ? context
             : context.index_select(0, first_rows(packing, context.device()));
}

at::Tensor first_rows(const Packing& packing, at::Device device) {
  return at::tensor(packing.pair_offsets, at::kLong).narrow(0, 0, packing.num_pairs()).to(device);
}

}  // namespace lambdaforge::models
