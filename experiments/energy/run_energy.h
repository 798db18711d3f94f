// The energy of a run over all its ranks: one meter a node, its totals summed over nodes, kept in
// the run's folder and told as events.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "experiments/energy/carbon_intensity.h"
#include "experiments/energy/meter.h"
#include "experiments/energy/node_sums.h"
#include "experiments/energy/options.h"
#include "experiments/energy/rules.h"
#include "experiments/options.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments::energy {

// This rank's place in the run.
struct RunPlace {
  std::string project;
  std::string name;
  std::filesystem::path folder;
  int rank = 0;
  int local_rank = 0;
  std::vector<pid_t> processes;   // the ranks of this node
  std::vector<std::string> gpus;  // their UUIDs
  bool goes_on = false;           // totals of an earlier part of the run count too
};

// Totals travel with the sums that ranks exchange anyway: each node's first rank adds what its
// meter shows, every other rank zeros, and so the sum is the run's. Between two exchanges rank 0
// takes the other nodes' energy to be what it was at the last one.
//
// Every 15 seconds (tracking.energy_interval) and in finish() rank 0 saves energy.json and
// emissions.csv in the run's folder: that is what a crash can lose. What is told is what was saved,
// never more: a run that goes on after a crash must not start below what was seen of it, for
// Prometheus takes a counter that falls to begin anew and counts all of it again.
class RunEnergy {
 public:
  // Measures from here on, unless the options say no. Throws std::invalid_argument for a place
  // that is not known or a damaged energy.json. The tracker must outlive this.
  RunEnergy(const TrackingOptions& options, RunPlace place, Tracker& tracker);
  ~RunEnergy();
  RunEnergy(const RunEnergy&) = delete;
  RunEnergy& operator=(const RunEnergy&) = delete;

  bool is_on() const { return is_on_; }
  // What this node is measured by, and the carbon intensity; empty where nothing is measured.
  std::vector<std::string> descriptions() const;

  void set_phase(Phase phase);
  Phase phase() const;

  // This rank's part of the sum over ranks, then the sum itself, after `step`.
  TotalsNumbers share();
  void exchanged(const TotalsNumbers& sum, int64_t step);

  // As of the last exchange: the same on every rank.
  RunFigures figures() const;

  // Rank 0: up to the last sample of its own node.
  RunFigures latest() const;

  // Rank 0: an EnergyMeasured of what is saved, at once. Another one follows when the meter's
  // thread has saved its next sample: no step waits for the disk.
  void tell();

  // The last sample; then the ranks exchange once more, and finish() saves and tells the end.
  void stop();
  void finish();

 private:
  bool has_meter() const { return meter_ != nullptr; }
  bool is_main() const { return place_.rank == 0; }
  Totals whole_run() const;  // rank 0: up to the last sample
  void after_sample();       // on the meter's thread
  RunFigures figures_of(const Totals& totals) const;
  EnergyMeasured measured();
  void publish() { tracker_.emit(measured()); }
  void save(bool emissions_too);  // throws
  void save_or_notice(bool emissions_too);
  void notice(const std::string& text) { tracker_.emit(Notice{text}); }

  const TrackingOptions options_;
  const RunPlace place_;
  Tracker& tracker_;
  const bool is_on_;
  CarbonIntensity intensity_;
  Hardware hardware_;
  std::unique_ptr<Meter> meter_;

  mutable std::mutex mutex_;  // guards what follows: two threads tell and save
  NodeSums sums_{Totals{}};
  int64_t step_ = 0;
  Totals saved_;
  bool is_save_asked_ = false;

  bool save_failed_ = false;
  double next_save_ = 0;  // of both files

  std::unique_ptr<MeterThread> thread_;  // last: it uses the others
};

// Says which phase a run is in for as long as it lives.
class PhaseScope {
 public:
  PhaseScope(RunEnergy& energy, Phase phase) : energy_(energy), before_(energy.phase()) {
    energy_.set_phase(phase);
  }
  ~PhaseScope() { energy_.set_phase(before_); }
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  RunEnergy& energy_;
  const Phase before_;
};

}  // namespace lambdaforge::experiments::energy
