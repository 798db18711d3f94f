#include "trainer/validation.h"

#include <chrono>

#include "evaluators/per_query.h"
#include "trainer/build_evaluator.h"
#include "trainer/scoring.h"
#include "trainer/shared_scorer.h"

namespace lambdaforge::trainer {

Validator::Validator(const Config& config, const models::Pretrained& pretrained,
                     const losses::Loss& loss, const TrainingData& data, Communicator& communicator)
    : config_(config),
      pretrained_(pretrained),
      loss_(loss),
      data_(data),
      communicator_(communicator),
      evaluator_(build_evaluator(config.evaluation, pretrained)),
      scorer_(make_shared_scorer(pretrained, communicator, config.evaluation.batch_tokens)) {}

experiments::Metrics Validator::evaluate(evaluators::EvaluationPoint point,
                                         const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  experiments::Metrics metrics;
  if (const auto loss = held_out_loss()) metrics.emplace_back("eval_loss", *loss);
  if (evaluator_) {
    const evaluators::Evaluation evaluation = evaluator_->evaluate(scorer_);
    for (const auto& [name, value] : evaluation.metrics)
      metrics.emplace_back("eval_" + name, value);
    if (communicator_.rank() == 0) {
      std::filesystem::create_directories(folder);
      evaluator_->write_csv(evaluation, point, folder.string());
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  metrics.emplace_back("eval_runtime", seconds.count());
  if (!data_.eval_lists.empty()) {
    const auto lists = static_cast<double>(data_.eval_lists.size());
    const double batches =
        std::ceil(lists / static_cast<double>(config_.training.per_device_eval_batch_size));
    metrics.emplace_back("eval_samples_per_second", lists / seconds.count());
    metrics.emplace_back("eval_steps_per_second", batches / seconds.count());
  }
  return metrics;
}

std::optional<double> Validator::held_out_loss() const {
  if (data_.eval_lists.empty()) return std::nullopt;
  at::NoGradGuard no_grad;
  const auto batch_size = static_cast<size_t>(config_.training.per_device_eval_batch_size);
  const size_t stride = batch_size * communicator_.size();  // batch j belongs to rank j % size
  std::vector<double> total = {0, 0};
  for (size_t begin = communicator_.rank() * batch_size; begin < data_.eval_lists.size();
       begin += stride) {
    Batch batch;
    for (size_t i = begin; i < std::min(begin + batch_size, data_.eval_lists.size()); ++i)
      data_.held_out_store().append_list(data_.eval_lists[i], pretrained_.tokenizer,
                                         pretrained_.max_length, 0, batch);
    const losses::LossTerm term = score_lists(pretrained_.model, loss_, batch, nullptr);
    total[0] += term.sum.item<double>();
    total[1] += term.count;
  }
  total = communicator_.sum(total);
  return total[1] > 0 ? total[0] / total[1] : 0;
}

std::string Validator::default_metric() const {
  return evaluator_ ? "eval_" + evaluator_->primary_metric() : "eval_loss";
}

std::vector<std::string> Validator::metric_names() const {
  std::vector<std::string> names;
  if (!data_.eval_lists.empty()) names.push_back("eval_loss");
  if (evaluator_)
    for (const std::string& name : evaluator_->metric_names()) names.push_back("eval_" + name);
  return names;
}

std::vector<std::string> Validator::left_out_queries() const {
  return evaluator_ ? evaluator_->left_out() : std::vector<std::string>();
}

}  // namespace lambdaforge::trainer
