#include "trainer/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.h"
#include "base/stopwatch.h"
#include "base/suggestion.h"
#include "models/work.h"
#include "trainer/best_metric.h"
#include "trainer/card_facts.h"
#include "trainer/checkpoint.h"
#include "trainer/config_fields.h"
#include "trainer/energy.h"
#include "trainer/first_notices.h"
#include "trainer/initial_model.h"
#include "trainer/loss_rules.h"
#include "trainer/model_writer.h"
#include "trainer/parallel/rank_info.h"
#include "trainer/run_journal.h"
#include "trainer/schedule.h"
#include "trainer/step_plan.h"
#include "trainer/stop_request.h"
#include "trainer/stopping.h"
#include "trainer/training_data.h"
#include "trainer/training_step.h"
#include "trainer/validation.h"

namespace lambdaforge::trainer {
namespace {

using experiments::energy::Phase;
using experiments::energy::PhaseScope;
using experiments::energy::RunEnergy;

class Run {
 public:
  Run(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
      const RunPlace& place)
      : config_(config),
        communicator_(communicator),
        tracker_(tracker),
        name_(place.name),
        folder_(place.folder),
        resume_(place.resume),
        loss_(make_loss(config)),
        pretrained_(load_initial_model(config.model, config.training.seed, communicator)),
        data_(open_training_data(config, pretrained_.tokenizer, pretrained_.max_length,
                                 communicator)),
        in_batch_(make_in_batch_negatives(config, data_.train_store, pretrained_.max_length)),
        batches_(make_batch_plan(config, data_, in_batch_, communicator)),
        plan_(config.training, batches_.steps_per_epoch()),
        schedule_(config.training, plan_.max_steps()),
        validator_(config, pretrained_, loss_, data_, communicator),
        optimizer_(pretrained_.model.parameters(), config.training),
        best_(choose_best_metric(config, validator_.default_metric(), validator_.metric_names())),
        journal_(tracker, progress_, communicator.rank(), {best_.name, best_.greater_is_better}),
        stopping_(config.training, best_.greater_is_better) {}

  // `result` tells how far the run came when this throws, too.
  void run(const Environment& environment, TrainResult& result) {
    try {
      start(environment);
      const Stopwatch stopwatch;
      const int64_t first_step = progress_.state.global_step;
      if (first_step < plan_.max_steps()) train_steps();
      if (is_stopped_on_request())
        stop(result.end);
      else
        finish(stopwatch.seconds(), progress_.state.global_step - first_step, result.end);
    } catch (const std::exception& error) {
      if (energy_) {
        energy_->stop();
        energy_->finish();
      }
      journal_.failed(error);
      tell_how_far(result);
      throw;
    }
    tell_how_far(result);
  }

 private:
  bool is_main() const { return communicator_.rank() == 0; }

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
      last_checkpoint_ = resume_->string();
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
    std::vector<std::filesystem::path> set_aside;
    if (is_main()) {
      set_aside = folder_.make_way(state.global_step);
      write_file_atomically(folder_.path() / "recipe.toml", to_toml(config_));
    }
    validator_.start(state.global_step, folder_.evaluations());
    stopping_.go_on(state);
    const experiments::RunStarted event = started(environment);
    if (is_main()) make_writer(event);
    tracker_.emit(event);
    tell_about_model_and_data();
    for (const auto& path : set_aside)
      journal_.tell(
          fmt::format("later than step {}, set aside: {}", state.global_step, path.string()));
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
    event.best = journal_.best();
    return event;
  }

  void make_writer(const experiments::RunStarted& start) {
    const std::vector<std::string> metrics = validator_.metric_names();
    writer_.emplace(
        folder_, pretrained_, optimizer_,
        gather_card_facts({config_, pretrained_, data_, metrics, start.environment, start.ranks}));
  }

  RunCosts costs() const {
    RunCosts costs{seconds_so_far(), std::nullopt};
    if (energy_ && energy_->is_on()) {
      const experiments::energy::RunFigures figures = energy_->latest();
      costs.energy = {figures.kwh, figures.emissions_kg};
    }
    return costs;
  }

  double seconds_so_far() const { return earlier_seconds_ + clock_.seconds(); }

  void tell_about_model_and_data() {
    for (std::string& text : first_notices(config_, pretrained_, data_, batches_.steps_per_epoch()))
      journal_.tell(std::move(text));
    if (const auto left_out = validator_.left_out_queries(); !left_out.empty())
      journal_.tell(
          fmt::format("queries without candidates, in no metric: {}", fmt::join(left_out, ", ")));
    if (writer_ && !writer_->notice().empty()) journal_.tell(writer_->notice());
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
    const StopRequest request;
    bool ends = progress_.point.evaluation_due && ends_after(progress_.state.global_step, request);
    for (int64_t step = progress_.state.global_step + 1; !ends && step <= plan_.max_steps();
         ++step) {
      const double learning_rate = schedule_.learning_rate(step);
      const int64_t step_in_epoch = (step - 1) % batches_.steps_per_epoch();
      StepOutcome outcome =
          training_step.run(step, batches_.micro_steps_in_step(step_in_epoch), learning_rate,
                            prefetcher, [&] { return passengers(request); });
      take_passengers(step, outcome);
      journal_.step_finished(
          {step, plan_.max_steps(), batches_.epoch_after(step), plan_.logs(step)},
          std::move(outcome), learning_rate);
      ends = ends_after(step, request);
    }
    if (stopping_.reason())
      journal_.tell(fmt::format("stopping after step {}: {}", progress_.state.global_step,
                                *stopping_.reason()));
    last_step_ = training_step.last_step();
    energy_->set_phase(Phase::kIdle);
  }

  // Evaluates and saves where it is due, and says whether the run ends early. Who is asked to stop
  // has little time: an evaluation that was to come first is left to the run that goes on.
  bool ends_after(int64_t step, const StopRequest& request) {
    const Stopwatch not_training;
    progress_.point.evaluation_due = plan_.evaluates(step) && is_stopped_on_request();
    bool is_new_best = false;
    if (plan_.evaluates(step) && !progress_.point.evaluation_due) {
      is_new_best = evaluate(step);
      agree_on(request);
    }
    const bool ends_early = stopping_.reason() || is_stopped_on_request();
    if (plan_.saves(step, is_new_best) || ends_early) save(step);
    journal_.leave_out(not_training.seconds());
    return ends_early;
  }

  // What this rank knows and all have to, with the step's sums: its node's energy, and whether it
  // was asked to stop.
  std::vector<double> passengers(const StopRequest& request) {
    const experiments::energy::TotalsNumbers share = energy_->share();
    std::vector<double> numbers(share.begin(), share.end());
    numbers.push_back(request.is_made());
    return numbers;
  }

  void take_passengers(int64_t step, const StepOutcome& outcome) {
    experiments::energy::TotalsNumbers sum;
    std::copy_n(outcome.passengers.begin(), sum.size(), sum.begin());
    energy_->exchanged(sum, step);
    stopping_.after_step(energy_->figures());
    if (outcome.passengers.back() > 0) stopping_.after_request();
    if (plan_.logs(step)) energy_->tell();
  }

  // An evaluation can take minutes; who was asked meanwhile need not take one more step.
  void agree_on(const StopRequest& request) {
    if (communicator_.sum({static_cast<double>(request.is_made())}).front() > 0)
      stopping_.after_request();
  }

  // A run that has come to its end anyway is done.
  bool is_stopped_on_request() const {
    return stopping_.is_requested() && !stopping_.reason() &&
           progress_.state.global_step < plan_.max_steps();
  }

  BatchPrefetcher::Start next_batch() const {
    const int64_t steps_per_epoch = batches_.steps_per_epoch();
    return {progress_.state.global_step / steps_per_epoch,
            progress_.state.global_step % steps_per_epoch *
                config_.training.gradient_accumulation_steps};
  }

  bool evaluate(int64_t step) {
    const PhaseScope phase(*energy_, Phase::kEvaluation);
    Validation validation =
        validator_.evaluate({progress_.state.epoch, step}, folder_.evaluations());
    const auto figures = energy_->figures();
    if (energy_->is_on()) validation.metrics.emplace_back(kEvaluationKwh, figures.kwh);
    best_.add_net(validation.metrics, figures);
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
    writer_->save_checkpoint(progress_, costs());
    last_checkpoint_ = folder_.checkpoint(step).string();
    for (std::string& problem : folder_.delete_old_checkpoints(
             config_.training.save_total_limit,
             {last_checkpoint_, state.best_model_checkpoint.value_or("")}))
      journal_.tell(std::move(problem));
    energy_->tell();
    journal_.checkpoint_saved(step, last_checkpoint_, stopwatch.seconds());
  }

  void finish(double seconds, int64_t steps, experiments::RunResult& result) {
    const experiments::TrainerState& state = progress_.state;
    const bool load_best =
        config_.training.load_best_model_at_end && state.best_model_checkpoint.has_value();
    {
      const PhaseScope phase(*energy_, Phase::kCheckpoint);
      if (is_main()) writer_->save_final(progress_, load_best, costs());
    }
    if (config_.training.load_best_model_at_end) tell_if_best_is_gone();
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
    end.ranks = last_step_;
    journal_.add_end_row(end.metrics);
    if (is_main()) experiments::save_trainer_state(folder_.path() / "trainer_state.json", state);
    result.outcome = experiments::Outcome::kDone;
    result.final_model = end.final_model;
    journal_.finished(std::move(end));
  }

  void tell_if_best_is_gone() {
    const experiments::TrainerState& state = progress_.state;
    if (!state.best_global_step) return;
    const std::string final_model = state.best_model_checkpoint.value_or("the last step");
    if (!final_model.ends_with(folder_.checkpoint(*state.best_global_step).filename().string()))
      journal_.tell(fmt::format(
          "the best evaluation, after step {}, has no checkpoint; the final model is that of {}",
          *state.best_global_step, final_model));
  }

  // The checkpoint is there already, and the run goes on from it another time: no final model.
  void stop(experiments::RunResult& result) {
    const int64_t step = progress_.state.global_step;
    stop_energy(*energy_, step, communicator_);
    result.outcome = experiments::Outcome::kStopped;
    result.reason = fmt::format("stopped at step {} on request; go on with --resume latest", step);
    journal_.stopped(folder_.checkpoint(step).string(), last_step_);
  }

  void tell_how_far(TrainResult& result) const {
    journal_.describe(result.end);
    result.end.max_steps = plan_.max_steps();
    result.end.last_checkpoint = last_checkpoint_;
    result.state = progress_.state;
    if (!is_main()) return;  // what the others measured is not the whole
    const RunCosts costs = this->costs();
    result.end.train_seconds = costs.seconds;
    if (!costs.energy) return;
    result.end.energy_kwh = costs.energy->kwh;
    result.end.emissions_kg = costs.energy->emissions_kg;
  }

  // Of the whole run, its earlier parts included.
  void add_energy(experiments::Metrics& metrics, double all_lists) const {
    if (!energy_->is_on()) return;
    const auto figures = energy_->figures();
    metrics.emplace_back("train_energy_kwh", figures.kwh);
    metrics.emplace_back("train_energy_kwh_per_1000_lists", figures.kwh / all_lists * 1000);
    metrics.emplace_back("train_emissions_kg", figures.emissions_kg);
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
  BestMetric best_;
  Progress progress_;
  RunJournal journal_;
  std::optional<ModelWriter> writer_;  // on rank 0
  std::string last_checkpoint_;        // empty: none
  Stopwatch clock_;
  double earlier_seconds_ = 0;  // before this start
  Stopping stopping_;
  std::unique_ptr<RunEnergy> energy_;             // from start() on
  std::vector<experiments::RankStep> last_step_;  // by rank
};

}  // namespace

void run_recipe(const Config& config, Communicator& communicator, experiments::Tracker& tracker,
                const RunPlace& place, const Environment& environment, TrainResult& result) {
  Run(config, communicator, tracker, place).run(environment, result);
}

}  // namespace lambdaforge::trainer
