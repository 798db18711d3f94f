#include "experiments/prometheus/run_metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "experiments/metric_name.h"

namespace lambdaforge::experiments {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

// From a wait for a batch that is ready to a step of a large model on few cores.
const Histogram::BucketBoundaries kSecondsBuckets = {
    0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
constexpr double kJoulesPerKwh = 3.6e6;
constexpr double kGramsPerKilogram = 1e3;
constexpr const char* kRunning = "running";
constexpr const char* kFinished = "finished";
constexpr const char* kStopped = "stopped";
constexpr const char* kFailed = "failed";

struct Part {
  const char* name;
  double RankStep::*seconds;
};
const std::vector<Part> kParts = {{"data_wait", &RankStep::data_wait},
                                  {"forward", &RankStep::forward},
                                  {"backward", &RankStep::backward},
                                  {"all_reduce", &RankStep::all_reduce},
                                  {"optimizer", &RankStep::optimizer}};

double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string value_of(const RunStarted& run, const std::string& name) {
  const auto found =
      std::ranges::find(run.environment, name, [](auto& entry) { return entry.first; });
  return found == run.environment.end() ? "" : found->second;
}

// A counter follows a total that is kept elsewhere.
void raise_to(Counter& counter, double total) {
  counter.Increment(std::max(0.0, total - counter.Value()));
}

// Registers families with the labels that all of them have.
class Registrar {
 public:
  Registrar(Registry& registry, const RunStarted& run)
      : registry_(registry), labels_{{"project", run.project}, {"run", run.name}} {}

  Family<Gauge>& gauges(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Labels(labels_).Register(registry_);
  }
  Family<Counter>& counters(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Labels(labels_).Register(registry_);
  }
  Family<Histogram>& histograms(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Labels(labels_).Register(registry_);
  }

 private:
  Registry& registry_;
  const Labels labels_;
};

// What a rank does for itself.
class RankMetrics {
 public:
  RankMetrics(Registrar& make, const RankInfo& info)
      : RankMetrics(make, info, {{"rank", std::to_string(info.rank)}}) {}

  void add(const RankStep& step) {
    step_.Observe(step.seconds);
    for (size_t i = 0; i < kParts.size(); ++i) parts_[i]->Observe(step.*kParts[i].seconds);
    lists_.Increment(step.lists);
    pairs_.Increment(step.pairs);
    tokens_.Increment(step.tokens);
    memory_.Set(step.memory_bytes);
  }
  void go_down() { up_.Set(0); }

 private:
  RankMetrics(Registrar& make, const RankInfo& info, const Labels& rank)
      : step_(make.histograms("lambdaforge_step_duration_seconds",
                              "Time of the rank's optimizer steps, without evaluations.")
                  .Add(rank, kSecondsBuckets)),
        lists_(make.counters("lambdaforge_lists_total",
                             "Lists trained on by the rank; a step counts when the next one ends.")
                   .Add(rank)),
        pairs_(make.counters("lambdaforge_pairs_total",
                             "Pairs of query and document trained on by the rank; a step counts "
                             "when the next one ends.")
                   .Add(rank)),
        tokens_(make.counters("lambdaforge_tokens_total",
                              "Tokens trained on by the rank; a step counts when the next one "
                              "ends.")
                    .Add(rank)),
        memory_(make.gauges("lambdaforge_resident_memory_bytes",
                            "Memory of the rank's process that is in use and present.")
                    .Add(rank)),
        up_(make.gauges("lambdaforge_rank_up", "1 while the rank takes part in the run.")
                .Add(rank)) {
    auto& parts = make.histograms("lambdaforge_step_part_duration_seconds",
                                  "Parts of the rank's steps; all_reduce is the wait for the other "
                                  "ranks and the rest of the sums.");
    for (const Part& part : kParts) {
      Labels labels = rank;
      labels["part"] = part.name;
      parts_.push_back(&parts.Add(labels, kSecondsBuckets));
    }
    up_.Set(1);
    Labels where = rank;
    where.insert({{"host", info.host}, {"device", info.device}, {"gpu_uuid", info.gpu_uuid}});
    make.gauges("lambdaforge_rank_info",
                "Where the rank runs, to join its metrics to those of the host and the GPU.")
        .Add(where, 1.0);
  }

  Histogram& step_;
  std::vector<Histogram*> parts_;  // as kParts
  Counter &lists_, &pairs_, &tokens_;
  Gauge &memory_, &up_;
};

}  // namespace

class RunMetrics::Families {
 public:
  Families(const RunStarted& run, const std::vector<int>& shown_ranks)
      : make_(registry, run),
        teller_{{"rank", std::to_string(run.rank)}},
        parameters_(run.parameters),
        folder_(run.folder) {
    for (const RankInfo& info : run.ranks)
      if (std::ranges::count(shown_ranks, info.rank) > 0)
        ranks_.try_emplace(info.rank, make_, info);
    world_size_.Set(static_cast<double>(run.ranks.size()));
    step_.Set(static_cast<double>(run.first_step));
    max_steps_.Set(static_cast<double>(run.max_steps));
    restarts_.Increment(static_cast<double>(run.restarts));
    set_status(kRunning);
    if (run.best) show_best(*run.best);
    make_
        .gauges("lambdaforge_run_info",
                "What the run was built from and where its files are. Always 1.")
        .Add(with(with("version", value_of(run, "version.lambdaforge")), "folder", run.folder),
             1.0);
  }

  void show(double time, const RunStarted&) { last_step_time_.Set(time); }

  void show(double time, const StepFinished& step) {
    steps_.Increment();
    last_step_time_.Set(time);
    step_.Set(static_cast<double>(step.step));
    epoch_.Set(step.epoch);
    StepGauges& gauges = step_gauges();
    gauges.loss.Set(step.loss);
    gauges.learning_rate.Set(step.learning_rate);
    gauges.gradient_norm.Set(step.grad_norm);
    gauges.matrix_rate.Set(step.share_of_peak);
    add(step.ranks);
  }

  void show(double, const EvaluationFinished& evaluation) {
    evaluations_.Increment();
    size_t left_out = 0;
    for (const auto& [name, value] : evaluation.metrics) {
      const Labels labels = evaluation_labels(name);
      if (evaluation_series_.size() >= kMaxEvaluationSeries &&
          !evaluation_series_.contains(labels)) {
        ++left_out;
        continue;
      }
      evaluation_series_.insert(labels);
      evaluation_.Add(labels).Set(value);
      if (evaluation.best_so_far && name == evaluation.metric_for_best_model)
        show_best({name, value, evaluation.step});
    }
    if (left_out > 0)
      throw std::runtime_error(
          fmt::format("Prometheus is given {} evaluation figures at most; {} more of step {} are "
                      "left out",
                      kMaxEvaluationSeries, left_out, evaluation.step));
  }

  void show(double time, const CheckpointSaved& checkpoint) {
    checkpoints_.Increment();
    checkpoint_step_.Add(teller_).Set(static_cast<double>(checkpoint.step));
    checkpoint_seconds_.Add(teller_).Set(checkpoint.seconds);
    checkpoint_time_.Add(teller_).Set(time);
  }

  void show(double, const EnergyMeasured& energy) {
    raise_to(energy_.Add(with("component", "cpu")), energy.cpu_kwh * kJoulesPerKwh);
    raise_to(energy_.Add(with("component", "gpu")), energy.gpu_kwh * kJoulesPerKwh);
    raise_to(energy_.Add(with("component", "memory")), energy.memory_kwh * kJoulesPerKwh);
    for (const auto& [phase, kwh] : energy.phase_kwh)
      raise_to(phase_energy_.Add(with("phase", phase)), kwh * kJoulesPerKwh);
    power_.Add(with("component", "cpu")).Set(energy.cpu_watts);
    power_.Add(with("component", "gpu")).Set(energy.gpu_watts);
    power_.Add(with("component", "memory")).Set(energy.memory_watts);
    raise_to(emissions_.Add(teller_), energy.emissions_kg * kGramsPerKilogram);
  }

  void show(double, const RunFinished& run) {
    add(run.ranks);
    end(kFinished);
  }

  void show(double, const RunStopped& run) {
    add(run.ranks);
    end(kStopped);
  }

  void show(double, const RunFailed& failure) {
    if (failure.diverged) step_gauges().loss.Set(std::numeric_limits<double>::quiet_NaN());
    end(kFailed);
  }

  void show(double, const Notice&) {}

  void measure_free_space() {
    const auto space = std::filesystem::space(folder_);
    free_bytes_.Set(static_cast<double>(space.available));
    disk_bytes_.Set(static_cast<double>(space.capacity));
  }

  Registry registry;

 private:
  struct StepGauges {
    Gauge &loss, &learning_rate, &gradient_norm, &matrix_rate;
  };

  // There from the first step on: before it there is no loss, not even 0.
  StepGauges& step_gauges() {
    if (!step_gauges_)
      step_gauges_.reset(new StepGauges{
          gauge("loss", "Training loss, mean since the last logging step. NaN: it diverged."),
          gauge("learning_rate", "Learning rate of the last step."),
          gauge("gradient_norm", "Norm of the last step's gradient before clipping."),
          gauge("matrix_rate_ratio",
                "Share of the rate of plain matrix products, over all ranks; 0: not known.")});
    return *step_gauges_;
  }

  Labels with(const std::string& name, const std::string& value) const {
    return with(teller_, name, value);
  }
  static Labels with(Labels labels, const std::string& name, const std::string& value) {
    labels[name] = value;
    return labels;
  }

  Labels evaluation_labels(const std::string& name) const {
    const MetricName parsed = parse_metric_name(name);
    return with(with("dataset", parsed.data_set), "metric",
                (parsed.is_base ? "base_" : "") + parsed.metric);
  }

  // With the direction, or nobody could tell the best of several runs from the worst.
  void show_best(const BestEvaluation& best) {
    const char* greater = greater_is_better(parameters_, best.metric) ? "true" : "false";
    best_.Add(with(evaluation_labels(best.metric), "greater_is_better", greater)).Set(best.value);
    best_step_.Add(teller_).Set(static_cast<double>(best.step));
  }

  void set_status(const std::string& status) {
    for (const char* each : {kRunning, kFinished, kStopped, kFailed})
      status_.Add(with("status", each)).Set(status == each);
  }

  // Of one step, by rank; empty: nothing is known of it.
  void add(const std::vector<RankStep>& step) {
    for (auto& [rank, metrics] : ranks_)
      if (static_cast<size_t>(rank) < step.size()) metrics.add(step[rank]);
  }

  void end(const char* status) {
    set_status(status);
    for (auto& [rank, metrics] : ranks_) metrics.go_down();
  }

  Gauge& gauge(const std::string& name, const std::string& help) {
    return make_.gauges("lambdaforge_" + name, help).Add(teller_);
  }
  Counter& counter(const std::string& name, const std::string& help) {
    return make_.counters("lambdaforge_" + name, help).Add(teller_);
  }

  Registrar make_;
  const Labels teller_;
  const Parameters parameters_;
  const std::filesystem::path folder_;
  std::map<int, RankMetrics> ranks_;
  std::set<Labels> evaluation_series_;
  std::unique_ptr<StepGauges> step_gauges_;

  // Known from the start.
  Gauge& world_size_ = gauge("world_size", "Ranks of the run.");
  Gauge& step_ = gauge("step", "Optimizer steps of the whole run so far, resumed parts included.");
  Gauge& max_steps_ = gauge("max_steps", "Optimizer steps that the run is to take.");
  Gauge& epoch_ = gauge("epoch", "Passes over the training data so far.");
  Gauge& last_step_time_ = gauge("last_step_timestamp_seconds",
                                 "When the last step was done; at first, when the run began.");
  Gauge& free_bytes_ = gauge("run_folder_free_bytes", "Free space where the run's files are.");
  Gauge& disk_bytes_ = gauge("run_folder_size_bytes", "Size of the disk of the run's files.");
  Counter& steps_ = counter("steps_total", "Optimizer steps of this process.");
  Counter& evaluations_ = counter("evaluations_total", "Evaluations of this process.");
  Counter& checkpoints_ = counter("checkpoints_total", "Checkpoints saved by this process.");
  Counter& restarts_ = counter("restarts_total", "How often the run went on from a checkpoint.");
  Family<Gauge>& status_ = make_.gauges("lambdaforge_run_status", "1 for the state the run is in.");

  // Series that appear with the first event of their kind.
  Family<Gauge>& evaluation_ =
      make_.gauges("lambdaforge_evaluation",
                   "Figures of the last evaluation, by data set (none: of all) and "
                   "metric; base_: of the first stage.");
  Family<Gauge>& best_ = make_.gauges("lambdaforge_best_evaluation",
                                      "Best value so far of the metric that picks the "
                                      "best model.");
  Family<Gauge>& best_step_ = make_.gauges("lambdaforge_best_step", "Step of the best value.");
  Family<Gauge>& checkpoint_step_ =
      make_.gauges("lambdaforge_last_checkpoint_step", "Step of the last checkpoint.");
  Family<Gauge>& checkpoint_seconds_ = make_.gauges("lambdaforge_last_checkpoint_duration_seconds",
                                                    "Time that saving the last checkpoint took.");
  Family<Gauge>& checkpoint_time_ = make_.gauges("lambdaforge_last_checkpoint_timestamp_seconds",
                                                 "When the last checkpoint was saved.");
  Family<Counter>& energy_ =
      make_.counters("lambdaforge_energy_joules_total",
                     "Energy of the whole run so far, all nodes, by component.");
  Family<Counter>& phase_energy_ = make_.counters("lambdaforge_phase_energy_joules_total",
                                                  "The same energy by what the run was doing.");
  Family<Gauge>& power_ =
      make_.gauges("lambdaforge_power_watts", "Power over the last interval, by component.");
  Family<Counter>& emissions_ = make_.counters("lambdaforge_emissions_grams_total",
                                               "CO2 equivalents of the whole run so far.");
};

RunMetrics::RunMetrics(const RunStarted& run, const std::vector<int>& shown_ranks)
    : families_(std::make_unique<Families>(run, shown_ranks)) {}

RunMetrics::~RunMetrics() = default;

void RunMetrics::update(const Event& event) {
  const double time = unix_seconds(event.time);
  std::visit([&](const auto& what) { families_->show(time, what); }, event.what);
}

void RunMetrics::measure_free_space() {
  families_->measure_free_space();
}

std::string RunMetrics::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->registry.Collect());
  return out.str();
}

}  // namespace lambdaforge::experiments
