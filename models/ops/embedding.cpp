#include "models/ops/embedding.h"

#include "models/ops/dropout.h"
#include "models/ops/embedding_cpu.h"
#include "models/ops/held.h"

namespace lambdaforge::models {
namespace {

struct Kept {
  PackingPtr packing;
  DropoutSite dropout;
  double eps;
  EmbeddingActivations activations;
};

class Embed : public torch::autograd::Function<Embed> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& words,
                            const at::Tensor& positions, const at::Tensor& types,
                            const at::Tensor& norm_weight, const at::Tensor& norm_bias, double eps,
                            const TokenBatch& batch, const PackingPtr& packing,
                            const DropoutSite& dropout) {
    Kept kept{packing, dropout, eps, {}};
    const at::Tensor result =
        embed_forward(batch, {words, positions, types, {norm_weight, norm_bias, eps}}, *packing,
                      dropout, &kept.activations);
    context->save_for_backward({words, positions, types, norm_weight, norm_bias});
    context->saved_data["kept"] = hold(std::move(kept));
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto& kept = held<Kept>(context->saved_data["kept"]);
    const auto saved = context->get_saved_variables();
    const EmbeddingGradients result = embed_backward(
        gradients[0].contiguous(), {saved[0], saved[1], saved[2], {saved[3], saved[4], kept.eps}},
        kept.activations, *kept.packing, kept.dropout);
    const at::Tensor none;
    return {result.words,
            result.positions,
            result.types,
            result.norm_weight,
            result.norm_bias,
            none,
            none,
            none,
            none};
  }
};

// [tokens] on the device of the weights; the batch stays on the host.
at::Tensor indices(const std::vector<int32_t>& values, const at::Tensor& weights) {
  return at::tensor(values, at::kInt).to(weights.device());
}

}  // namespace

at::Tensor embed(const TokenBatch& batch, const EmbeddingWeights& weights,
                 const PackingPtr& packing, const DropoutSite& dropout) {
  const LayerNorm& norm = weights.norm;
  if (!weights.words.is_cpu() || weights.words.scalar_type() != at::kFloat)
    return embed_anywhere(batch, weights, *packing, dropout);
  if (!at::GradMode::is_enabled()) return embed_forward(batch, weights, *packing, dropout, nullptr);
  return Embed::apply(weights.words, weights.positions, weights.types, norm.weight, norm.bias,
                      norm.eps, batch, packing, dropout);
}

at::Tensor embed_anywhere(const TokenBatch& batch, const EmbeddingWeights& weights,
                          const Packing& packing, const DropoutSite& site) {
  const at::Tensor words = at::embedding(weights.words, indices(batch.ids, weights.words));
  const at::Tensor types = at::embedding(weights.types, indices(batch.type_ids, weights.words));
  const at::Tensor positions =
      at::embedding(weights.positions, indices(batch.positions, weights.words));
  return dropout(weights.norm(words + types + positions), packing, site);
}

}  // namespace lambdaforge::models
