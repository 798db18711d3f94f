// metrics.csv in the run's folder: one figure a row, for spreadsheets and data frames.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

#include "experiments/tracker.h"

namespace lambdaforge::experiments {

// Columns: step,epoch,time,name,value. `time` is UTC in ISO 8601, values read back to the same
// double. Rows come from logging steps, evaluations and the end of the run, and each is in the file
// when its event has been handled; the disk is synced by the system at its own pace.
class CsvSink : public Sink {
 public:
  std::string name() const override { return "csv"; }

  // RunStarted opens <folder>/metrics.csv: a fresh run writes a new file; a resumed one keeps the
  // rows up to its first step and cuts what the lost steps left, so that no figure is there twice.
  // Throws std::runtime_error that names the file when it cannot be written.
  void handle(const Event& event) override;

 private:
  void open(const std::filesystem::path& path, int64_t first_step);
  void write(const Event& event, int64_t step, double epoch, const Metrics& metrics);

  std::filesystem::path path_;
  std::ofstream file_;
};

// The rows of `csv` that a run resumed after `first_step` keeps, header included. A torn last row
// is dropped, and so is what an earlier end of the run summed up (train_runtime, ...).
std::string rows_until(std::string_view csv, int64_t first_step);

}  // namespace lambdaforge::experiments
