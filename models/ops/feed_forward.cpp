#include "models/ops/feed_forward.h"

#include "models/ops/dropout.h"
#include "models/ops/feed_forward_cpu.h"
#include "models/ops/held.h"

namespace lambdaforge::models {
namespace {

struct Call {
  FeedForwardWeights weights;
  PackingPtr packing;
  FeedForwardDropout dropout;
};

struct Kept {
  PackingPtr packing;
  FeedForwardDropout dropout;
  double attention_norm_eps, output_norm_eps;
  FeedForwardActivations activations;
};

class FeedForward : public torch::autograd::Function<FeedForward> {
 public:
  // The tensors of `parameters` are those of call.weights: autograd sees direct arguments only.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& attention,
                            const at::Tensor& residual, at::TensorList parameters,
                            const Call& call) {
    Kept kept{call.packing,
              call.dropout,
              call.weights.attention_norm.eps,
              call.weights.output_norm.eps,
              {}};
    const at::Tensor result = feed_forward_forward(attention, residual, call.weights, *call.packing,
                                                   call.dropout, &kept.activations);
    torch::autograd::variable_list saved = {attention};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["kept"] = hold(std::move(kept));
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto kept = held<Kept>(context->saved_data["kept"]);
    const auto saved = context->get_saved_variables();
    const FeedForwardWeights weights =
        unflatten({saved.begin() + 1, saved.end()}, kept.attention_norm_eps, kept.output_norm_eps);
    FeedForwardGradients result =
        feed_forward_backward(gradients[0].contiguous(), saved[0], weights, kept.activations,
                              *kept.packing, kept.dropout);
    torch::autograd::variable_list all = {result.context, result.residual};
    all.insert(all.end(), result.weights.begin(), result.weights.end());
    all.emplace_back();  // the call
    return all;
  }
};

}  // namespace

at::Tensor feed_forward(const at::Tensor& context, const at::Tensor& residual,
                        const FeedForwardWeights& weights, const PackingPtr& packing,
                        const FeedForwardDropout& dropout) {
  if (!context.is_cpu() || context.scalar_type() != at::kFloat)
    return feed_forward_anywhere(context, residual, weights, *packing, dropout);
  if (!at::GradMode::is_enabled())
    return feed_forward_forward(context.contiguous(), residual.contiguous(), weights, *packing,
                                dropout, nullptr);
  const std::vector<at::Tensor> parameters = flatten(weights);
  return FeedForward::apply(context.contiguous(), residual.contiguous(), at::TensorList(parameters),
                            Call{weights, packing, dropout});
}

at::Tensor feed_forward_anywhere(const at::Tensor& context, const at::Tensor& residual,
                                 const FeedForwardWeights& weights, const Packing& packing,
                                 const FeedForwardDropout& sites) {
  const at::Tensor attended = weights.attention_norm(
      residual + dropout(weights.attention_output(context), packing, sites.attention_output));
  const at::Tensor expanded = at::gelu(weights.intermediate(attended));  // [rows, intermediate]
  return weights.output_norm(attended + dropout(weights.output(expanded), packing, sites.output));
}

std::vector<at::Tensor> flatten(const FeedForwardWeights& weights) {
  return {weights.attention_output.weight, weights.attention_output.bias,
          weights.attention_norm.weight,   weights.attention_norm.bias,
          weights.intermediate.weight,     weights.intermediate.bias,
          weights.output.weight,           weights.output.bias,
          weights.output_norm.weight,      weights.output_norm.bias};
}

FeedForwardWeights unflatten(const std::vector<at::Tensor>& tensors, double attention_norm_eps,
                             double output_norm_eps) {
  return {{tensors[0], tensors[1]},
          {tensors[2], tensors[3], attention_norm_eps},
          {tensors[4], tensors[5]},
          {tensors[6], tensors[7]},
          {tensors[8], tensors[9], output_norm_eps}};
}

}  // namespace lambdaforge::models
