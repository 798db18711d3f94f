#include "models/ops/attention.h"

#include "models/ops/attention_cpu.h"
#include "models/ops/dropout.h"
#include "models/ops/held.h"

namespace lambdaforge::models {
namespace {

struct Call {
  PackingPtr packing;
  int64_t num_heads;
  DropoutSite site;
};

class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& qkv,
                            const Call& call) {
    context->save_for_backward({qkv});
    context->saved_data["call"] = hold(call);
    return attention_forward_cpu(qkv, *call.packing, call.num_heads, call.site);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto call = held<Call>(context->saved_data["call"]);
    const at::Tensor qkv = context->get_saved_variables()[0];
    return {attention_backward_cpu(gradients[0].contiguous(), qkv, *call.packing, call.num_heads,
                                   call.site),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor packed_attention(const at::Tensor& qkv, const PackingPtr& packing, int64_t num_heads,
                            const DropoutSite& site) {
  if (!qkv.is_cpu() || qkv.scalar_type() != at::kFloat)
    return packed_attention_anywhere(qkv, *packing, num_heads, site);
  return PackedAttention::apply(qkv.contiguous(), Call{packing, num_heads, site});
}

at::Tensor packed_attention_anywhere(const at::Tensor& qkv, const Packing& packing,
                                     int64_t num_heads, const DropoutSite& site) {
  const int64_t hidden = qkv.size(1) / 3;
  const int64_t head_size = hidden / num_heads;
  std::vector<at::Tensor> contexts;
  for (int64_t pair = 0; pair < packing.num_pairs(); ++pair) {
    const int64_t begin = packing.pair_offsets[pair];
    const int64_t length = packing.pair_offsets[pair + 1] - begin;
    const at::Tensor heads =  // [3, heads, length, head_size]
        qkv.narrow(0, begin, length).view({length, 3, num_heads, head_size}).permute({1, 2, 0, 3});
    const at::Tensor logits =
        at::matmul(heads[0], heads[1].transpose(1, 2)) / std::sqrt(static_cast<double>(head_size));
    at::Tensor probabilities = at::softmax(logits, -1);  // [heads, length, length]
    if (site.probability > 0)
      probabilities = probabilities * dropout_multipliers(site, packing.pair_keys[pair],
                                                          probabilities.numel(), qkv.device())
                                          .view_as(probabilities)
                                          .to(probabilities.scalar_type());
    contexts.push_back(
        at::matmul(probabilities, heads[2]).transpose(0, 1).reshape({length, hidden}));
  }
  return contexts.empty() ? qkv.new_empty({0, hidden}) : at::cat(contexts);
}

}  // namespace lambdaforge::models
