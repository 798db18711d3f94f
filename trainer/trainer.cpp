#include "trainer/trainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"
#include "base/stopwatch.h"
#include "base/suggestion.h"
#include "experiments/report/model_cards.h"
#include "losses/registry.h"
#include "models/pretrained.h"
#include "models/work.h"
#include "trainer/card_facts.h"
#include "trainer/checkpoint.h"
#include "trainer/config_fields.h"
#include "trainer/energy.h"
#include "trainer/loss_rules.h"
#include "trainer/parallel/rank_info.h"
#include "trainer/run_folder.h"
#include "trainer/run_journal.h"
#include "trainer/schedule.h"
#include "trainer/scoring.h"
#include "trainer/step_plan.h"
#include "trainer/stopping.h"
#include "trainer/training_data.h"
#include "trainer/training_step.h"
#include "trainer/validation.h"

namespace lambdaforge::trainer {
namespace {

using experiments::energy::Phase;
using experiments::energy::PhaseScope;
using experiments::energy::RunEnergy;

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

double evaluation_seconds(const experiments::TrainerState& state) {
  double seconds = 0;
  for (const experiments::Metrics& row : state.log_history)
    for (const auto& [name, value] : row)
      if (name == "eval_runtime") seconds += value;
  return seconds;
}

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
        greater_is_better_(config.training.greater_is_better.value_or(!metric_.ends_with("loss"))),
        journal_(tracker, progress_, communicator.rank(), {metric_, greater_is_better_}),
        stopping_(config.training, greater_is_better_) {}

  TrainResult run(const Environment& environment) {
    start(environment);
    try {
      const Stopwatch stopwatch;
      const int64_t first_step = progress_.state.global_step;
      if (first_step < plan_.max_steps()) train_steps();
      finish(stopwatch.seconds(), progress_.state.global_step - first_step);
    } catch (const std::exception& error) {
      energy_->stop();
      energy_->finish();
      journal_.failed(error);
      throw;
    }
    return {progress_.state, folder_.final_model(), metric_};
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

  void start(const Environment& environment) {
    progress_.point = expected_point();
    if (resume_) {
      progress_ = load_checkpoint(*resume_, pretrained_.model, optimizer_, progress_.point);
      ++progress_.point.restarts;
    }
    earlier_seconds_ = progress_.point.seconds;
    experiments::TrainerState& state = progress_.state;
    state.max_steps = plan_.max_steps();
    state.num_train_epochs = static_cast<int64_t>(std::ceil(
        static_cast<double>(plan_.max_steps()) / static_cast<double>(batches_.steps_per_epoch())));
    state.logging_steps = plan_.logging_steps();
    state.eval_steps = plan_.eval_steps();
    state.save_steps = plan_.save_steps();
    state.train_batch_size = config_.training.per_device_train_batch_size;
    if (is_main()) {
      std::filesystem::create_directories(folder_.path());
      write_file_atomically(folder_.path() / "recipe.toml", to_toml(config_));
    }
    const experiments::RunStarted event = started(environment);
    if (is_main()) make_cards(event);
    tracker_.emit(event);
    tell_about_model_and_data();
    energy_ = start_energy(config_, name_, folder_.path(), event.first_step, event.ranks,
                           communicator_, tracker_);
    for (const std::string& text : describe(*energy_, communicator_))
      journal_.tell("energy: " + text);
  }

  experiments::RunStarted started(const Environment& environment) {
    experiments::RunStarted event;
    event.project = config_.run.project;
    event.name = name_;
    event.folder = folder_.path().string();
    event.configuration = to_toml(config_);
    event.parameters = parameters_of(config_);
    event.environment = environment;
    event.ranks = gather_rank_infos(communicator_);
    event.rank = communicator_.rank();
    event.first_step = progress_.state.global_step;
    event.max_steps = plan_.max_steps();
    event.restarts = progress_.point.restarts;
    return event;
  }

  void make_cards(const experiments::RunStarted& start) {
    const std::vector<std::string> metrics = validator_.metric_names();
    cards_.emplace(folder_.path(), gather_card_facts({config_, pretrained_, data_, metrics,
                                                      start.environment, start.ranks}));
  }

  // The card of the model as it is now, to be saved under this name in the run's folder.
  std::string card_of(const std::filesystem::path& model, int64_t step) {
    const double evaluating = evaluation_seconds(progress_.state);
    experiments::CardSnapshot snapshot;
    snapshot.step = step;
    snapshot.training_seconds = seconds_so_far() - evaluating;
    snapshot.evaluation_seconds = evaluating;
    if (energy_->is_on()) {
      const experiments::energy::RunFigures figures = energy_->latest();
      snapshot.energy = {figures.kwh, figures.emissions_kg};
    }
    snapshot.usage_scores = score_usage(cards_->facts().usage_pairs, pretrained_);
    return cards_->add(model.filename().string(), progress_.state, std::move(snapshot));
  }

  double seconds_so_far() const { return earlier_seconds_ + clock_.seconds(); }

  void tell_about_model_and_data() {
    const ListStatistics statistics = data_.train_store.statistics();
    journal_.tell(
        fmt::format("{} lists to train on, {} held out; {:.1f} documents a list; {} steps an epoch",
                    data_.train_lists.size(), data_.eval_lists.size(), statistics.mean_documents(),
                    batches_.steps_per_epoch()));
    if (statistics.single_document_lists > 0 && losses::loss_needs(config_.loss.name).list)
      journal_.tell(fmt::format("{} lists have one document: nothing is learned from them",
                                statistics.single_document_lists));
    if (statistics.lists_without_positive > 0)
      journal_.tell(
          fmt::format("{} lists have no label above 0", statistics.lists_without_positive));
    if (!pretrained_.missing.empty())
      journal_.tell(fmt::format("initialised from the seed, not loaded: {}",
                                fmt::join(pretrained_.missing, ", ")));
    if (!pretrained_.unused.empty())
      journal_.tell(fmt::format("{} tensors of the file have no place in this model, such as {}",
                                pretrained_.unused.size(), pretrained_.unused.front()));
    if (const auto left_out = validator_.left_out_queries(); !left_out.empty())
      journal_.tell(
          fmt::format("queries without candidates, in no metric: {}", fmt::join(left_out, ", ")));
    if (resume_)
      journal_.tell(fmt::format("going on from {} at step {}", resume_->string(),
                                progress_.state.global_step));
  }

  // Over all ranks, measured by all at once: they may share a processor.
  double measure_peak_rate() {
    communicator_.barrier();
    const at::Tensor parameter = pretrained_.model.parameters().front().tensor;
    return communicator_
        .sum({models::measure_peak_rate(pretrained_.model.config().bert, parameter.device())})
        .front();
  }

  void train_steps() {
    const double peak_rate = measure_peak_rate();
    journal_.tell(fmt::format("plain matrix products run at {:.0f} GFLOP/s here", peak_rate / 1e9));
    TrainingStep training_step(config_.training, pretrained_.model, loss_, optimizer_,
                               communicator_);
    BatchPrefetcher prefetcher(data_.train_store, pretrained_.tokenizer, batches_,
                               pretrained_.max_length, next_batch());
    energy_->set_phase(Phase::kTraining);
    if (config_.training.eval_on_start && progress_.state.global_step == 0) evaluate(0);
    journal_.begin(peak_rate);
    for (int64_t step = progress_.state.global_step + 1; step <= plan_.max_steps(); ++step) {
      const double learning_rate = schedule_.learning_rate(step);
      const int64_t step_in_epoch = (step - 1) % batches_.steps_per_epoch();
      StepOutcome outcome = training_step.run(step, batches_.micro_steps_in_step(step_in_epoch),
                                              learning_rate, prefetcher, energy_->share());
      take_energy(step, outcome);
      journal_.step_finished({step, plan_.max_steps(), epoch_after(step), plan_.logs(step)},
                             std::move(outcome), learning_rate);
      const Stopwatch not_training;
      const bool is_new_best = plan_.evaluates(step) && evaluate(step);
      const bool saves = plan_.saves(step, is_new_best);
      if (saves || stopping_.reason()) save(step);
      journal_.leave_out(not_training.seconds());
      if (!stopping_.reason()) continue;
      journal_.tell(fmt::format("stopping after step {}: {}", step, *stopping_.reason()));
      break;
    }
    last_step_ = training_step.last_step();
    energy_->set_phase(Phase::kIdle);
  }

  // What all nodes have consumed came with the step's sums.
  void take_energy(int64_t step, const StepOutcome& outcome) {
    experiments::energy::TotalsNumbers sum;
    std::ranges::copy(outcome.passengers, sum.begin());
    energy_->exchanged(sum, step);
    stopping_.after_step(energy_->figures());
    if (plan_.logs(step)) energy_->tell();
  }

  BatchPrefetcher::Start next_batch() const {
    const int64_t steps_per_epoch = batches_.steps_per_epoch();
    return {progress_.state.global_step / steps_per_epoch,
            progress_.state.global_step % steps_per_epoch *
                config_.training.gradient_accumulation_steps};
  }

  double epoch_after(int64_t step) const {
    const int64_t steps_per_epoch = batches_.steps_per_epoch();
    const int64_t step_in_epoch = (step - 1) % steps_per_epoch;
    const int64_t micro_steps = step_in_epoch * config_.training.gradient_accumulation_steps +
                                batches_.micro_steps_in_step(step_in_epoch);
    return static_cast<double>((step - 1) / steps_per_epoch) +
           static_cast<double>(micro_steps) / static_cast<double>(batches_.micro_steps_per_epoch());
  }

  bool evaluate(int64_t step) {
    const PhaseScope phase(*energy_, Phase::kEvaluation);
    Validation validation =
        validator_.evaluate({progress_.state.epoch, step}, folder_.evaluations());
    const auto figures = energy_->figures();
    if (energy_->is_on()) validation.metrics.emplace_back("eval_energy_kwh", figures.kwh);
    const bool is_new_best = journal_.evaluated(step, std::move(validation));
    energy_->tell();
    stopping_.after_evaluation(progress_.state.best_metric, figures);
    return is_new_best;
  }

  // The best evaluation may have had no checkpoint of its own; then the best known one stays what
  // it was.
  void save(int64_t step) {
    const Stopwatch stopwatch;
    experiments::TrainerState& state = progress_.state;
    if (state.best_global_step &&
        (*state.best_global_step == step ||
         std::filesystem::exists(folder_.checkpoint(*state.best_global_step))))
      state.best_model_checkpoint = folder_.checkpoint(*state.best_global_step).string();
    progress_.point.seconds = seconds_so_far();
    if (!is_main()) return;
    const PhaseScope phase(*energy_, Phase::kCheckpoint);
    save_checkpoint(folder_.checkpoint(step), pretrained_, optimizer_, state, progress_.point,
                    card_of(folder_.checkpoint(step), step));
    folder_.delete_old_checkpoints(config_.training.save_total_limit,
                                   state.best_global_step.value_or(-1));
    energy_->tell();
    journal_.checkpoint_saved(step, folder_.checkpoint(step).string(), stopwatch.seconds());
  }

  void finish(double seconds, int64_t steps) {
    const experiments::TrainerState& state = progress_.state;
    const bool load_best =
        config_.training.load_best_model_at_end && state.best_model_checkpoint.has_value();
    {
      const PhaseScope phase(*energy_, Phase::kCheckpoint);
      if (is_main()) save_final_model(load_best);
    }
    stop_energy(*energy_, state.global_step, communicator_);
    const auto lists = static_cast<double>(steps * progress_.point.lists_per_step);
    const auto all_steps = static_cast<double>(std::max<int64_t>(1, state.global_step));
    experiments::RunFinished end;
    end.metrics = {{"train_runtime", seconds},
                   {"train_samples_per_second", lists / seconds},
                   {"train_steps_per_second", static_cast<double>(steps) / seconds},
                   {"train_loss", progress_.point.loss_total / all_steps}};
    add_energy(end.metrics, all_steps * static_cast<double>(progress_.point.lists_per_step));
    if (load_best) end.best_checkpoint = *state.best_model_checkpoint;
    end.final_model = folder_.final_model().string();
    end.ranks = std::move(last_step_);
    journal_.finished(std::move(end));
    if (is_main()) experiments::save_trainer_state(folder_.path() / "trainer_state.json", state);
  }

  // Of the whole run, its earlier parts included.
  void add_energy(experiments::Metrics& metrics, double all_lists) const {
    if (!energy_->is_on()) return;
    const auto figures = energy_->figures();
    metrics.emplace_back("train_energy_kwh", figures.kwh);
    metrics.emplace_back("train_energy_kwh_per_1000_lists", figures.kwh / all_lists * 1000);
    metrics.emplace_back("train_emissions_kg", figures.emissions_kg);
  }

  void save_final_model(bool load_best) {
    if (load_best)
      models::load_parameters(
          std::filesystem::path(*progress_.state.best_model_checkpoint) / "model.safetensors",
          pretrained_.model);
    const int64_t step =
        load_best ? *progress_.state.best_global_step : progress_.state.global_step;
    const std::string card = card_of(folder_.final_model(), step);
    write_folder_atomically(folder_.final_model(), [&](const auto& temporary) {
      models::save_pretrained(pretrained_, temporary);
      write_file_atomically(temporary / "README.md", card);
    });
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
  Progress progress_;
  RunJournal journal_;
  std::optional<experiments::ModelCards> cards_;  // on rank 0
  Stopwatch clock_;
  double earlier_seconds_ = 0;  // before this start
  Stopping stopping_;
  std::unique_ptr<RunEnergy> energy_;             // from start() on
  std::vector<experiments::RankStep> last_step_;  // by rank
};

}  // namespace

TrainResult train(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                  const Environment& environment) {
  return Run(config, communicator, tracker).run(environment);
}

}  // namespace lambdaforge::trainer
