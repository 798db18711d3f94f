// metrics.csv in the run's folder: one figure a row, for spreadsheets and data frames.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "experiments/sinks/retry.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// Columns: step,epoch,time,name,value. `time` is UTC in ISO 8601, values read back to the same
// double, a name with a comma or a quote is quoted (RFC 4180). Rows come from logging steps,
// evaluations and the end of the run, and each is in the file when its event has been handled; the
// disk is synced by the system at its own pace. Where the disk refuses, the file stays whole: what
// came down of the rows is cut off again, they wait, and it is tried again.
class CsvSink : public Sink {
 public:
  CsvSink() = default;
  ~CsvSink() override;
  CsvSink(const CsvSink&) = delete;
  CsvSink& operator=(const CsvSink&) = delete;

  std::string name() const override { return "csv"; }

  // RunStarted opens <folder>/metrics.csv: a fresh run writes a new file; a resumed one keeps the
  // rows up to its first step and cuts what the lost steps left, so that no figure is there twice.
  // Throws std::runtime_error that names the file when it cannot be written.
  void handle(const Event& event) override;
  void tick() override;
  void finish() override;

 private:
  void open();
  void write();         // what waits; opens the file when it is not open
  void write_if_due();  // unless an attempt failed a short while ago
  void append_waiting();
  void cut_torn_row();

  std::filesystem::path path_;
  int64_t first_step_ = 0;
  int file_ = -1;         // its descriptor
  off_t whole_ = 0;       // bytes of the file up to its last whole row
  bool is_torn_ = false;  // there may be part of a row behind them
  std::string waiting_;   // rows
  Retry retry_;
};

// The rows of `csv` that a run resumed after `first_step` keeps, header included. A torn last row
// is dropped, and so is what an earlier end of the run summed up (train_runtime, ...).
std::string rows_until(std::string_view csv, int64_t first_step);

}  // namespace lambdaforge::experiments
