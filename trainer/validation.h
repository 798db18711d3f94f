// How good the model is now: the loss on held-out lists and the evaluator's figures, under Hugging
// Face's names.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "evaluators/evaluator.h"
#include "experiments/event.h"
#include "losses/loss.h"
#include "models/pretrained.h"
#include "trainer/config.h"
#include "trainer/parallel/communicator.h"
#include "trainer/training_data.h"

namespace lambdaforge::trainer {

struct Validation {
  experiments::Metrics metrics;
  experiments::PerQueryValues per_query;
};

class Validator {
 public:
  // Loads the evaluators' data sets. Everything referred to must outlive the validator.
  Validator(const Config& config, const models::Pretrained& pretrained, const losses::Loss& loss,
            const TrainingData& data, Communicator& communicator);

  // A run starts after `first_step`: what later evaluations left in `folder` is taken away on rank
  // 0, for they are repeated; at 0 that is everything.
  void start(int64_t first_step, const std::filesystem::path& folder) const;

  // eval_loss (sum over all held-out pairs / count, when lists are held out), eval_<evaluator's
  // metrics>, eval_runtime [s], eval_samples_per_second and eval_steps_per_second (of the held-out
  // lists). Rank 0 appends the evaluator's CSV files in `folder` and writes the per-query values
  // beneath it. Collective; the same figures on every rank.
  Validation evaluate(evaluators::EvaluationPoint point, const std::filesystem::path& folder);

  // The metric that picks the best checkpoint when the recipe names none: the evaluator's primary
  // one, else the loss.
  std::string default_metric() const;
  // Every name that evaluate() reports, to check a recipe before hours of training.
  std::vector<std::string> metric_names() const;
  // Queries of the evaluation sets without candidates: they count in no metric.
  std::vector<std::string> left_out_queries() const;

 private:
  std::optional<double> held_out_loss() const;
  Batch held_out_batch(std::span<const int64_t> lists) const;

  const Config& config_;
  const models::Pretrained& pretrained_;
  const losses::Loss& loss_;
  const TrainingData& data_;
  Communicator& communicator_;
  std::unique_ptr<evaluators::Evaluator> evaluator_;  // nullptr: only the loss
  evaluators::Scorer scorer_;
};

}  // namespace lambdaforge::trainer
