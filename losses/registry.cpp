#include "losses/registry.h"

#include <ATen/ATen.h>

#include <utility>

#include "losses/approximate_rank.h"
#include "losses/in_batch.h"
#include "losses/lambda.h"
#include "losses/list_mle.h"
#include "losses/list_net.h"
#include "losses/named.h"
#include "losses/neural_ndcg.h"
#include "losses/pairwise.h"
#include "losses/pointwise.h"

namespace lambdaforge::losses {
namespace {

struct Entry {
  Loss (*build)(const LossOptions&);
  LossNeeds needs = {};
  std::vector<std::string> options = {};  // of LossOptions, that it reads
};

const NamedTable<Entry>& losses() {
  static const NamedTable<Entry> table = {
      {"ADRMSELoss", {build_adr_mse_loss, {}, {"alpha"}}},
      {"ApproxNDCGLoss", {build_approx_ndcg_loss, {}, {"alpha", "gain", "eps"}}},
      {"BinaryCrossEntropyLoss",
       {build_binary_cross_entropy_loss, {.list = false}, {"pos_weight"}}},
      {"CachedMultipleNegativesRankingLoss",
       {build_multiple_negatives_ranking_loss,
        {.list = false, .in_batch = true, .micro_batches = true},
        {"num_negatives", "scale"}}},
      {"CrossEntropyLoss", {build_cross_entropy_loss, {.list = false, .classes = true}}},
      {"LambdaLoss",
       {build_lambda_loss,
        {},
        {"weighting_scheme", "mu", "k", "sigma", "eps", "reduction_log", "semantics", "gain"}}},
      {"ListMLELoss", {build_list_mle_loss, {}, {"respect_input_order"}}},
      {"ListNetLoss", {build_list_net_loss}},
      {"MSELoss", {build_mse_loss, {.list = false}}},
      {"MarginMSELoss", {build_margin_mse_loss, {}, {}}},
      {"MultipleNegativesRankingLoss",
       {build_multiple_negatives_ranking_loss,
        {.list = false, .in_batch = true},
        {"num_negatives", "scale"}}},
      {"NeuralNDCGLoss", {build_neural_ndcg_loss, {}, {"temperature", "gain", "k", "eps"}}},
      {"PListMLELoss", {build_plist_mle_loss, {}, {"respect_input_order"}}},
      {"PairwiseHingeLoss", {build_pairwise_hinge_loss}},
      {"PairwiseLogisticLoss", {build_pairwise_logistic_loss}},
      {"RankNetLoss",
       {build_rank_net_loss, {}, {"k", "sigma", "eps", "reduction_log", "semantics"}}},
  };
  return table;
}

using Activation = at::Tensor (*)(const at::Tensor&);

Activation find_activation(const LossOptions& options, const LossNeeds& needs) {
  static const NamedTable<Activation> table = {
      {"identity", nullptr}, {"sigmoid", at::sigmoid}, {"tanh", at::tanh}};
  const std::string own = needs.in_batch ? "sigmoid" : "identity";
  return find_named("activation_fn", options.activation_fn.empty() ? own : options.activation_fn,
                    table);
}

}  // namespace

Loss build_loss(const LossOptions& options) {
  const Entry& entry = find_named("loss", options.name, losses());
  Loss loss = entry.build(options);
  const Activation activation = find_activation(options, entry.needs);
  if (activation == nullptr) return loss;
  return [loss = std::move(loss), activation](const at::Tensor& scores, const at::Tensor& labels,
                                              const ListOffsets& lists) {
    return loss(activation(scores), labels, lists);
  };
}

LossNeeds loss_needs(const std::string& name) {
  return find_named("loss", name, losses()).needs;
}

std::vector<std::string> loss_options(const std::string& name) {
  std::vector<std::string> options = find_named("loss", name, losses()).options;
  options.push_back("activation_fn");
  return options;
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const auto& entry : losses()) names.push_back(entry.first);
  return names;
}

}  // namespace lambdaforge::losses
