// A run's events as Prometheus metrics.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// Names follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/): lambdaforge_
// first, base units, _total for counters. Every metric has the labels project, run and rank. What
// is the same on all ranks (loss, evaluations, energy) has the rank that tells; what each rank does
// for itself (parts of its step, tokens, memory) has that rank.
class RunMetrics {
 public:
  // A run's evaluations have as many figures as its recipe asks for; more names than this never
  // become series, whatever comes.
  static constexpr size_t kMaxEvaluationSeries = 2000;

  // `shown_ranks`: whose own figures are told here.
  RunMetrics(const RunStarted& run, const std::vector<int>& shown_ranks);
  ~RunMetrics();

  // Events that say nothing to Prometheus are passed over. Throws std::runtime_error when an
  // evaluation goes beyond kMaxEvaluationSeries; the figures that fit are kept.
  void update(const Event& event);
  // Looks at the disk of the run's folder. Throws std::filesystem::filesystem_error.
  void measure_free_space();

  // In Prometheus' text format. Other threads may ask while events come.
  std::string text() const;

 private:
  class Families;
  std::unique_ptr<Families> families_;
};

}  // namespace lambdaforge::experiments
