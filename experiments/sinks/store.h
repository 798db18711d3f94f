// run.h5 in the run's folder: everything that happens in a run, for other programs to read.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "experiments/run_store/run_file.h"
#include "experiments/sinks/retry.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// Rows wait in memory for at most a tick, and evaluations, checkpoints and the end not at all.
// Where the file cannot be written the rows wait on and it is tried again, less and less often;
// then what was written and what waited become a new file. Series come from logging steps: the
// figures of metrics.csv, the mean parts of the steps since the last log over steps and ranks, and
// energy.*.
class StoreSink : public Sink {
 public:
  std::string name() const override { return "store"; }

  // RunStarted opens <folder>/run.h5: a fresh run writes a new file; a resumed one keeps the rows
  // up to its first step, with what the checkpoint's trainer_state.json knows and a killed process
  // did not write any more. Throws std::runtime_error that names the file when it cannot be
  // written.
  void handle(const Event& event) override;
  void tick() override;
  void finish() override;

 private:
  // The parts of the steps since the last log, summed over steps.
  struct Parts {
    int64_t steps = 0;
    RankStep mean;               // over ranks
    double slowest_seconds = 0;  // of the slowest rank of each step
    double memory_bytes = 0;     // the most that any rank held
  };

  void record(double time, const RunStarted& run);
  void record(double time, const StepFinished& step);
  void record(double time, const EvaluationFinished& evaluation);
  void record(double time, const CheckpointSaved& checkpoint);
  void record(double time, const EnergyMeasured& energy);
  void record(double time, const RunFinished& run);
  void record(double time, const RunStopped& run);
  void record(double time, const RunFailed& failure);
  void record(double time, const Notice& notice);

  void add_parts(const std::vector<RankStep>& ranks);
  void record_parts(double time, int64_t step);

  void write();         // what waits; opens the file when it is not open
  void write_if_due();  // unless an attempt failed a short while ago
  RunRecord held();     // what a new file begins with
  void put_aside(const std::string& damage);

  std::filesystem::path path_;
  RunHead head_;
  int64_t first_step_ = 0;
  int64_t last_step_ = 0;
  Parts parts_;
  RunRows waiting_;
  std::unique_ptr<RunWriter> writer_;
  std::optional<RunWriter::Size> written_;  // by this process; none: nothing yet
  Retry retry_;
  std::string damage_;  // of the file of an earlier process, to be told
};

}  // namespace lambdaforge::experiments
