#include "trainer/build_evaluator.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "evaluators/classification.h"
#include "evaluators/correlation.h"
#include "evaluators/nano_beir.h"
#include "evaluators/sequential.h"
#include "trainer/data/nano_beir_reader.h"
#include "trainer/data/pair_reader.h"

namespace lambdaforge::trainer {
namespace {

// The operator that `predict` applies, so that a threshold means the same bits there.
evaluators::Activation activation_of(const models::Pretrained& pretrained) {
  if (pretrained.activation == models::Activation::kIdentity) return {};
  return [](std::span<float> scores) {
    at::from_blob(scores.data(), {static_cast<int64_t>(scores.size())}, at::kFloat).sigmoid_();
  };
}

void require_one_label(const models::Pretrained& pretrained, const char* what) {
  const int64_t labels = pretrained.model.config().num_labels;
  if (labels != 1)
    throw std::invalid_argument(
        fmt::format("the model has {} labels; {} needs a model with one", labels, what));
}

}  // namespace

std::unique_ptr<evaluators::Evaluator> build_evaluator(const EvaluationConfig& config,
                                                       const models::Pretrained& pretrained) {
  std::vector<std::unique_ptr<evaluators::Evaluator>> all;
  if (!config.correlation.empty()) {
    require_one_label(pretrained, "correlation");
    all.push_back(std::make_unique<evaluators::CorrelationEvaluator>(
        read_labelled_pairs(config.correlation), activation_of(pretrained)));
  }
  if (!config.classification.empty())
    all.push_back(std::make_unique<evaluators::ClassificationEvaluator>(
        read_labelled_pairs(config.classification),
        evaluators::ClassificationOptions{
            .num_labels = static_cast<size_t>(pretrained.model.config().num_labels),
            .activation = activation_of(pretrained)}));
  if (!config.nano_beir.empty()) {
    require_one_label(pretrained, "reranking");
    all.push_back(std::make_unique<evaluators::NanoBeirEvaluator>(
        load_nano_beir(config.nano_beir, config.dataset_names),
        evaluators::NanoBeirOptions{.rerank_k = config.rerank_k,
                                    .at_k = config.at_k,
                                    .always_rerank_positives = config.always_rerank_positives,
                                    .metrics = config.metrics}));
  }
  if (all.empty()) return nullptr;
  if (all.size() == 1) return std::move(all.front());
  return std::make_unique<evaluators::SequentialEvaluator>(std::move(all));
}

}  // namespace lambdaforge::trainer
