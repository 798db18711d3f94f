// The rules of transformers' TrainingArguments that span several keys, and what a run cannot do
// without.
#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "evaluators/named_metrics.h"
#include "experiments/energy/carbon_intensity.h"
#include "experiments/energy/rules.h"
#include "trainer/config_fields.h"

namespace lambdaforge::trainer {
namespace {

void require(bool holds, std::string field, std::string message) {
  if (!holds) throw BrokenRule{std::move(field), std::move(message)};
}

void check_paths(const Config& config) {
  require(!config.model.path.empty(), "model.path",
          "is required: the folder of the model to start from, as Hugging Face saves it");
  require(!config.data.train.empty(), "data.train",
          "is required: a file of lists (.jsonl, .jsonl.gz, .parquet) or a token store (.h5)");
  require(config.data.eval.empty() || config.data.eval_size == 0, "data.eval_size",
          "data.eval names the held-out lists already; give one of the two");
}

void check_evaluation(const Config& config) {
  const TrainingConfig& training = config.training;
  const EvaluationConfig& evaluation = config.evaluation;
  const bool something_to_evaluate =
      !config.data.eval.empty() || config.data.eval_size > 0 || !evaluation.correlation.empty() ||
      !evaluation.classification.empty() || !evaluation.nano_beir.empty();
  const bool evaluates = training.eval_strategy != "no" || training.eval_on_start;
  require(!evaluates || something_to_evaluate,
          training.eval_on_start ? "training.eval_on_start" : "training.eval_strategy",
          "there is nothing to evaluate; set data.eval, data.eval_size, evaluation.nano_beir, "
          "evaluation.correlation or evaluation.classification");
  require(training.save_strategy != "best" || training.eval_strategy != "no",
          "training.save_strategy",
          "'best' saves after an evaluation, but eval_strategy is 'no'; set it to 'steps' or "
          "'epoch'");
  try {
    evaluators::parse_metrics(config.evaluation.metrics);
  } catch (const std::invalid_argument& error) {
    throw BrokenRule{"evaluation.metrics", error.what()};
  }
}

// A step count is a share of max_steps below 1, so both must be of one kind to be comparable.
bool is_multiple(double save_steps, double eval_steps) {
  if ((save_steps < 1) != (eval_steps < 1)) return false;
  const double ratio = save_steps / eval_steps;
  return std::abs(ratio - std::round(ratio)) < 1e-6 && std::round(ratio) >= 1;
}

// The best model can be loaded only if each evaluation that might be the best is saved.
void check_best_model(const TrainingConfig& training) {
  if (!training.load_best_model_at_end) return;
  const std::string field = "training.load_best_model_at_end";
  require(training.eval_strategy != "no", field,
          "there is no best model without evaluations; set eval_strategy to 'steps' or 'epoch'");
  if (training.save_strategy == "best") return;
  require(training.eval_strategy == training.save_strategy, field,
          fmt::format("eval_strategy '{}' and save_strategy '{}' must be equal, or save_strategy "
                      "'best'",
                      training.eval_strategy, training.save_strategy));
  const double eval_steps = training.eval_steps > 0 ? training.eval_steps : training.logging_steps;
  require(training.eval_strategy != "steps" || is_multiple(training.save_steps, eval_steps), field,
          fmt::format("save_steps {} must be a multiple of eval_steps {}", training.save_steps,
                      eval_steps));
}

// A place that is not known would be noticed only when its emissions are counted.
void check_place(const experiments::TrackingOptions& tracking) {
  using experiments::energy::carbon_intensity;
  const std::optional<double>& forced = tracking.carbon_intensity;
  try {
    carbon_intensity(tracking.country_iso_code, "", forced);
  } catch (const std::invalid_argument& error) {
    throw BrokenRule{"tracking.country_iso_code", error.what()};
  }
  try {
    carbon_intensity(tracking.country_iso_code, tracking.region, forced);
  } catch (const std::invalid_argument& error) {
    throw BrokenRule{"tracking.region", error.what()};
  }
}

void check_stopping(const Config& config) {
  const TrainingConfig& training = config.training;
  const std::string needs = "needs the run's energy; set tracking.energy to true";
  if (!training.stop_when.empty()) {
    require(config.tracking.energy, "training.stop_when", needs);
    try {
      experiments::energy::parse_stop_rule(training.stop_when);
    } catch (const std::invalid_argument& error) {
      throw BrokenRule{"training.stop_when", error.what()};
    }
  }
  if (training.min_gain_per_kwh > 0) {
    require(config.tracking.energy, "training.min_gain_per_kwh", needs);
    require(training.eval_strategy != "no", "training.min_gain_per_kwh",
            "nothing is gained without evaluations; set eval_strategy to 'steps' or 'epoch'");
  }
}

}  // namespace

void check_rules(const Config& config) {
  check_paths(config);
  check_evaluation(config);
  check_best_model(config.training);
  check_place(config.tracking);
  check_stopping(config);
}

}  // namespace lambdaforge::trainer
