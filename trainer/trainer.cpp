#include "trainer/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "base/files.h"
#include "base/suggestion.h"
#include "losses/registry.h"
#include "models/pretrained.h"
#include "models/work.h"
#include "trainer/checkpoint.h"
#include "trainer/loss_rules.h"
#include "trainer/run_folder.h"
#include "trainer/schedule.h"
#include "trainer/scoring.h"
#include "trainer/step_plan.h"
#include "trainer/training_data.h"
#include "trainer/training_step.h"
#include "trainer/validation.h"

namespace lambdaforge::trainer {
namespace {

using experiments::Metrics;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

models::Pretrained load_model(const ModelConfig& config, uint64_t seed,
                              Communicator& communicator) {
  models::Pretrained pretrained = models::load_pretrained(
      config.path, {.num_labels = config.num_labels,
                    .num_hidden_layers = config.num_hidden_layers,
                    .hidden_dropout_prob = config.hidden_dropout_prob,
                    .attention_probs_dropout_prob = config.attention_probs_dropout_prob,
                    .classifier_dropout = config.classifier_dropout,
                    .max_length = config.max_length,
                    .seed = seed});
  pretrained.model.to(choose_device(communicator));
  for (const models::Parameter& parameter : pretrained.model.parameters())
    communicator.broadcast(parameter.tensor.detach());
  return pretrained;
}

losses::Loss make_loss(const Config& config) {
  check_loss(config);
  return losses::build_loss(config.loss);
}

BatchPlan make_plan(const Config& config, const TrainingData& data,
                    const std::optional<InBatchNegatives>& in_batch,
                    const Communicator& communicator) {
  return {data.train_lists,
          data.train_store.list_offsets(),
          data.list_tokens,
          {.seed = config.training.seed,
           .shuffle = config.data.shuffle,
           .per_device_batch_size = config.training.per_device_train_batch_size,
           .world_size = communicator.size(),
           .rank = communicator.rank(),
           .gradient_accumulation_steps = config.training.gradient_accumulation_steps,
           .in_batch = in_batch ? &*in_batch : nullptr}};
}

// What is measured between two log lines.
struct Interval {
  Clock::time_point start = Clock::now();
  int64_t steps = 0;
  int64_t tokens = 0;
  double flops = 0;
  double paused_seconds = 0;  // evaluating and saving: not training

  double seconds() const { return seconds_since(start) - paused_seconds; }
};

class Run {
 public:
  Run(const Config& config, Communicator& communicator, experiments::Tracker& tracker)
      : config_(config),
        communicator_(communicator),
        tracker_(tracker),
        name_(communicator.broadcast(run_name(config.run))),
        folder_(std::filesystem::path(config.run.output_dir) / config.run.project / name_),
        resume_(folder_.find_resume(config.training.resume_from_checkpoint)),
        loss_(make_loss(config)),
        pretrained_(load_model(config.model, config.training.seed, communicator)),
        data_(open_training_data(config, pretrained_.tokenizer, pretrained_.max_length,
                                 communicator)),
        in_batch_(make_in_batch_negatives(config, data_.train_store, pretrained_.max_length)),
        batches_(make_plan(config, data_, in_batch_, communicator)),
        plan_(config.training, batches_.steps_per_epoch()),
        schedule_(config.training, plan_.max_steps()),
        validator_(config, pretrained_, loss_, data_, communicator),
        optimizer_(pretrained_.model.parameters(), config.training),
        metric_(choose_metric()),
        greater_is_better_(config.training.greater_is_better.value_or(!metric_.ends_with("loss"))) {
  }

  TrainResult run() {
    start();
    const auto started = Clock::now();
    const int64_t first_step = state_.global_step;
    if (first_step < plan_.max_steps()) train_steps();
    finish(seconds_since(started), state_.global_step - first_step);
    return {state_, folder_.final_model(), metric_};
  }

 private:
  bool is_main() const { return communicator_.rank() == 0; }

  std::string choose_metric() const {
    std::string metric = config_.training.metric_for_best_model;
    if (metric.empty()) return validator_.default_metric();
    if (!metric.starts_with("eval_")) metric = "eval_" + metric;
    const std::vector<std::string> known = validator_.metric_names();
    if (config_.training.eval_strategy != "no" &&
        std::find(known.begin(), known.end(), metric) == known.end())
      throw std::invalid_argument(
          unknown_name_message("training.metric_for_best_model", metric, known));
    return metric;
  }

  ResumePoint expected_point() const {
    ResumePoint point;
    point.seed = config_.training.seed;
    point.lists_per_step = config_.training.per_device_train_batch_size * communicator_.size() *
                           config_.training.gradient_accumulation_steps;
    point.num_train_lists = batches_.num_lists();
    return point;
  }

  void start() {
    point_ = expected_point();
    if (resume_) {
      Progress progress = load_checkpoint(*resume_, pretrained_.model, optimizer_, point_);
      state_ = std::move(progress.state);
      point_ = progress.point;
    }
    state_.max_steps = plan_.max_steps();
    state_.num_train_epochs = static_cast<int64_t>(std::ceil(
        static_cast<double>(plan_.max_steps()) / static_cast<double>(batches_.steps_per_epoch())));
    state_.logging_steps = plan_.logging_steps();
    state_.eval_steps = plan_.eval_steps();
    state_.save_steps = plan_.save_steps();
    state_.train_batch_size = config_.training.per_device_train_batch_size;
    if (!is_main()) return;
    std::filesystem::create_directories(folder_.path());
    write_file_atomically(folder_.path() / "recipe.toml", to_toml(config_));
    tracker_.emit(experiments::RunStarted{config_.run.project, name_, folder_.path().string(),
                                          to_toml(config_), communicator_.size(),
                                          state_.global_step, plan_.max_steps()});
    tell_about_model_and_data();
  }

  void tell_about_model_and_data() {
    const ListStatistics statistics = data_.train_store.statistics();
    tell(
        fmt::format("{} lists to train on, {} held out; {:.1f} documents a list; {} steps an epoch",
                    data_.train_lists.size(), data_.eval_lists.size(), statistics.mean_documents(),
                    batches_.steps_per_epoch()));
    if (statistics.single_document_lists > 0 && losses::loss_needs(config_.loss.name).list)
      tell(fmt::format("{} lists have one document: nothing is learned from them",
                       statistics.single_document_lists));
    if (statistics.lists_without_positive > 0)
      tell(fmt::format("{} lists have no label above 0", statistics.lists_without_positive));
    if (!pretrained_.missing.empty())
      tell(fmt::format("initialised from the seed, not loaded: {}",
                       fmt::join(pretrained_.missing, ", ")));
    if (!pretrained_.unused.empty())
      tell(fmt::format("{} tensors of the file have no place in this model, such as {}",
                       pretrained_.unused.size(), pretrained_.unused.front()));
    if (const auto left_out = validator_.left_out_queries(); !left_out.empty())
      tell(fmt::format("queries without candidates, in no metric: {}", fmt::join(left_out, ", ")));
    if (resume_)
      tell(fmt::format("going on from {} at step {}", resume_->string(), state_.global_step));
  }

  void tell(std::string text) { tracker_.emit(experiments::Notice{std::move(text)}); }

  // Over all ranks, measured by all at once: they may share a processor.
  double measure_peak_rate() {
    communicator_.barrier();
    const at::Tensor parameter = pretrained_.model.parameters().front().tensor;
    return communicator_
        .sum({models::measure_peak_rate(pretrained_.model.config().bert, parameter.device())})
        .front();
  }

  void train_steps() {
    peak_rate_ = measure_peak_rate();
    tell(fmt::format("plain matrix products run at {:.0f} GFLOP/s here", peak_rate_ / 1e9));
    TrainingStep training_step(config_.training, pretrained_.model, loss_, optimizer_,
                               communicator_);
    BatchPrefetcher prefetcher(data_.train_store, pretrained_.tokenizer, batches_,
                               pretrained_.max_length, next_batch());
    if (config_.training.eval_on_start && state_.global_step == 0) evaluate(0);
    interval_ = {};
    for (int64_t step = state_.global_step + 1; step <= plan_.max_steps(); ++step) {
      const double learning_rate = schedule_.learning_rate(step);
      const int64_t step_in_epoch = (step - 1) % batches_.steps_per_epoch();
      const StepOutcome outcome = training_step.run(
          step, batches_.micro_steps_in_step(step_in_epoch), learning_rate, prefetcher);
      count(step, outcome);
      report(outcome, learning_rate);
      const auto paused = Clock::now();
      const bool is_new_best = plan_.evaluates(step) && evaluate(step);
      if (plan_.saves(step, is_new_best)) save(step);
      interval_.paused_seconds += seconds_since(paused);
    }
  }

  BatchPrefetcher::Start next_batch() const {
    const int64_t steps_per_epoch = batches_.steps_per_epoch();
    return {state_.global_step / steps_per_epoch,
            state_.global_step % steps_per_epoch * config_.training.gradient_accumulation_steps};
  }

  double epoch_after(int64_t step) const {
    const int64_t steps_per_epoch = batches_.steps_per_epoch();
    const int64_t step_in_epoch = (step - 1) % steps_per_epoch;
    const int64_t micro_steps = step_in_epoch * config_.training.gradient_accumulation_steps +
                                batches_.micro_steps_in_step(step_in_epoch);
    return static_cast<double>((step - 1) / steps_per_epoch) +
           static_cast<double>(micro_steps) / static_cast<double>(batches_.micro_steps_per_epoch());
  }

  void count(int64_t step, const StepOutcome& outcome) {
    state_.global_step = step;
    state_.epoch = epoch_after(step);
    state_.num_input_tokens_seen += outcome.tokens;
    point_.loss_total += outcome.loss;
    point_.loss_since_log += outcome.loss;
    ++point_.steps_since_log;
    ++interval_.steps;
    interval_.tokens += outcome.tokens;
    interval_.flops += outcome.flops;
  }

  // Every step is an event; a logging step is also a row of the log history.
  void report(const StepOutcome& outcome, double learning_rate) {
    experiments::StepFinished event;
    event.step = state_.global_step;
    event.max_steps = plan_.max_steps();
    event.epoch = state_.epoch;
    event.log = plan_.logs(state_.global_step);
    event.loss = point_.loss_since_log / static_cast<double>(point_.steps_since_log);
    event.learning_rate = learning_rate;
    event.grad_norm = outcome.grad_norm;
    event.step_seconds = interval_.seconds() / static_cast<double>(interval_.steps);
    event.tokens_per_second = static_cast<double>(interval_.tokens) / interval_.seconds();
    event.share_of_peak = interval_.flops / interval_.seconds() / peak_rate_;
    if (is_main()) tracker_.emit(event);
    if (!event.log) return;
    state_.log_history.push_back({{"epoch", event.epoch},
                                  {"grad_norm", event.grad_norm},
                                  {"learning_rate", event.learning_rate},
                                  {"loss", event.loss},
                                  {"step", static_cast<double>(event.step)}});
    point_.loss_since_log = 0;
    point_.steps_since_log = 0;
    interval_ = {};
  }

  // Returns whether this is the best model so far; the first of two equals stays the best.
  bool evaluate(int64_t step) {
    const Metrics metrics = validator_.evaluate({state_.epoch, step}, folder_.evaluations());
    Metrics row = {{"epoch", state_.epoch}};
    row.insert(row.end(), metrics.begin(), metrics.end());
    row.emplace_back("step", static_cast<double>(step));
    state_.log_history.push_back(std::move(row));
    const bool is_new_best = step > 0 && note_best(step, metrics);
    if (is_main())
      tracker_.emit(
          experiments::EvaluationFinished{step, state_.epoch, metrics, is_new_best, metric_});
    return is_new_best;
  }

  bool note_best(int64_t step, const Metrics& metrics) {
    const auto found = std::find_if(metrics.begin(), metrics.end(),
                                    [&](const auto& entry) { return entry.first == metric_; });
    if (found == metrics.end()) return false;
    const double value = found->second;
    const bool better = !state_.best_metric || (greater_is_better_ ? value > *state_.best_metric
                                                                   : value < *state_.best_metric);
    if (better) {
      state_.best_metric = value;
      state_.best_global_step = step;
    }
    return better;
  }

  // The best evaluation may have had no checkpoint of its own; then the best known one stays what
  // it was.
  void save(int64_t step) {
    if (state_.best_global_step &&
        (*state_.best_global_step == step ||
         std::filesystem::exists(folder_.checkpoint(*state_.best_global_step))))
      state_.best_model_checkpoint = folder_.checkpoint(*state_.best_global_step).string();
    if (!is_main()) return;
    save_checkpoint(folder_.checkpoint(step), pretrained_, optimizer_, state_, point_);
    folder_.delete_old_checkpoints(config_.training.save_total_limit,
                                   state_.best_global_step.value_or(-1));
    tracker_.emit(experiments::CheckpointSaved{step, folder_.checkpoint(step).string()});
  }

  void finish(double seconds, int64_t steps) {
    if (!is_main()) return;
    const bool load_best =
        config_.training.load_best_model_at_end && state_.best_model_checkpoint.has_value();
    if (load_best)
      models::load_parameters(
          std::filesystem::path(*state_.best_model_checkpoint) / "model.safetensors",
          pretrained_.model);
    write_folder_atomically(folder_.final_model(), [&](const auto& temporary) {
      models::save_pretrained(pretrained_, temporary);
    });
    const auto lists = static_cast<double>(steps * point_.lists_per_step);
    Metrics metrics = {{"train_runtime", seconds},
                       {"train_samples_per_second", lists / seconds},
                       {"train_steps_per_second", static_cast<double>(steps) / seconds},
                       {"train_loss", point_.loss_total / static_cast<double>(std::max<int64_t>(
                                                              1, state_.global_step))}};
    tracker_.emit(experiments::RunFinished{state_.global_step, state_.epoch, metrics,
                                           load_best ? *state_.best_model_checkpoint : ""});
    metrics.insert(metrics.begin(), {"epoch", state_.epoch});
    metrics.emplace_back("step", static_cast<double>(state_.global_step));
    state_.log_history.push_back(std::move(metrics));
    experiments::save_trainer_state(folder_.path() / "trainer_state.json", state_);
  }

  const Config& config_;
  Communicator& communicator_;
  experiments::Tracker& tracker_;
  std::string name_;
  RunFolder folder_;
  std::optional<std::filesystem::path> resume_;
  losses::Loss loss_;
  models::Pretrained pretrained_;
  TrainingData data_;
  std::optional<InBatchNegatives> in_batch_;
  BatchPlan batches_;
  StepPlan plan_;
  Schedule schedule_;
  Validator validator_;
  AdamW optimizer_;
  std::string metric_;
  bool greater_is_better_;

  experiments::TrainerState state_;
  ResumePoint point_;
  Interval interval_;
  double peak_rate_ = 0;  // floating-point operations a second, all ranks
};

}  // namespace

TrainResult train(const Config& config, Communicator& communicator, experiments::Tracker& tracker) {
  return Run(config, communicator, tracker).run();
}

}  // namespace lambdaforge::trainer
