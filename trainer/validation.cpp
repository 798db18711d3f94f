#include "trainer/validation.h"

#include "base/stopwatch.h"
#include "evaluators/per_query.h"
#include "evaluators/results_csv.h"
#include "trainer/build_evaluator.h"
#include "trainer/micro_batches.h"
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

void Validator::start(int64_t first_step, const std::filesystem::path& folder) const {
  if (communicator_.rank() != 0) return;
  evaluators::drop_rows_after(folder, first_step);
  for (const int64_t step : evaluators::per_query_steps(folder))
    if (first_step == 0 || step > first_step)
      std::filesystem::remove(evaluators::per_query_path(folder, step));
}

Validation Validator::evaluate(evaluators::EvaluationPoint point,
                               const std::filesystem::path& folder) {
  const Stopwatch stopwatch;
  Validation validation;
  experiments::Metrics& metrics = validation.metrics;
  if (const auto loss = held_out_loss()) metrics.emplace_back("eval_loss", *loss);
  if (evaluator_) {
    evaluators::Evaluation evaluation = evaluator_->evaluate(scorer_);
    for (const auto& [name, value] : evaluation.metrics)
      metrics.emplace_back("eval_" + name, value);
    if (communicator_.rank() == 0) {
      std::filesystem::create_directories(folder);
      evaluator_->write_csv(evaluation, point, folder.string());
      if (!evaluation.per_query.empty())
        evaluators::write_per_query(evaluators::per_query_path(folder, point.step),
                                    evaluation.per_query);
    }
    validation.per_query = std::move(evaluation.per_query);
  }
  const double seconds = stopwatch.seconds();
  metrics.emplace_back("eval_runtime", seconds);
  if (!data_.eval_lists.empty()) {
    const auto lists = static_cast<double>(data_.eval_lists.size());
    const double batches =
        std::ceil(lists / static_cast<double>(config_.training.per_device_eval_batch_size));
    metrics.emplace_back("eval_samples_per_second", lists / seconds);
    metrics.emplace_back("eval_steps_per_second", batches / seconds);
  }
  return validation;
}

std::optional<double> Validator::held_out_loss() const {
  if (data_.eval_lists.empty()) return std::nullopt;
  at::NoGradGuard no_grad;
  const auto batch_size = static_cast<size_t>(config_.training.per_device_eval_batch_size);
  const size_t stride = batch_size * communicator_.size();  // batch j belongs to rank j % size
  std::vector<double> total = {0, 0};
  for (size_t begin = communicator_.rank() * batch_size; begin < data_.eval_lists.size();
       begin += stride) {
    const size_t size = std::min(batch_size, data_.eval_lists.size() - begin);
    const Batch batch = held_out_batch(std::span(data_.eval_lists).subspan(begin, size));
    if (batch.num_lists() == 0) continue;
    const at::Tensor scores =
        score_in_pieces(pretrained_.model, batch.tokens, nullptr, config_.evaluation.batch_tokens);
    const losses::LossTerm term = loss_of_scores(loss_, scores, batch);
    total[0] += term.sum.item<double>();
    total[1] += term.count;
  }
  total = communicator_.sum(total);
  return total[1] > 0 ? total[0] / total[1] : 0;
}

Batch Validator::held_out_batch(std::span<const int64_t> lists) const {
  const TokenStore& store = data_.held_out_store();
  const auto in_batch = make_in_batch_negatives(config_, store, pretrained_.max_length);
  const auto documents = in_batch ? in_batch->choose(lists, 0, lists.front())
                                  : std::vector<std::vector<int64_t>>(lists.size());
  Batch batch;
  for (size_t i = 0; i < lists.size(); ++i)
    if (!in_batch)
      store.append_list(lists[i], pretrained_.tokenizer, pretrained_.max_length, 0, batch);
    else if (!documents[i].empty())
      store.append_documents(lists[i], documents[i], pretrained_.tokenizer, pretrained_.max_length,
                             0, batch);
  return batch;
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
