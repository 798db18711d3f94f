// A run, or a part of one, in memory: what a file holds, or what waits to be written.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/event.h"
#include "experiments/run_store/format.h"

namespace lambdaforge::experiments {

// What is written once, when a process starts or goes on.
struct RunHead {
  std::string project;
  std::string name;
  std::string configuration;  // TOML
  Parameters parameters;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<RankInfo> ranks;
};

// Names in the order in which they came; a row holds the number of its name.
class NameTable {
 public:
  int32_t number_of(const std::string& name);  // adds it when it is new
  std::optional<int32_t> find(const std::string& name) const;
  const std::vector<std::string>& names() const { return names_; }
  const std::string& name(int32_t number) const { return names_[static_cast<size_t>(number)]; }

 private:
  std::vector<std::string> names_;
  std::map<std::string, int32_t> numbers_;
};

struct RunRows {
  NameTable series, queries;
  std::vector<ScalarRow> scalars;
  std::vector<EvaluationRow> evaluations;
  std::vector<PerQueryRow> per_query;
  std::vector<CheckpointRow> checkpoints;
  std::vector<EnergyRow> energy;
  std::vector<LogRow> log;
  std::string log_text;
  std::vector<StartRow> starts;
  Heartbeat heartbeat;

  bool empty() const {
    return scalars.empty() && evaluations.empty() && checkpoints.empty() && energy.empty() &&
           log.empty() && starts.empty();
  }
  void add_scalar(const std::string& name, int64_t step, double time, double value);
  void add_log(std::string_view kind, int64_t step, double time, std::string_view text);
  std::string log_line(const LogRow& row) const;  // its text

  // Adds what happened after these rows.
  void append(const RunRows& later);
  // What a run that goes on after `step` keeps: figures up to it, but not what an earlier end
  // summed up (train_runtime, ...); the log, the energy and the starts stay whole.
  void cut_after(int64_t step);
};

// Later rows as they are numbered behind those that a file already holds.
class Renumbering {
 public:
  Renumbering() = default;
  explicit Renumbering(const RunRows& held);

  // The names that are new come with the rows, the others do not.
  struct Rows {
    std::vector<NameRow> series;
    std::vector<QueryRow> queries;
    std::vector<ScalarRow> scalars;
    std::vector<EvaluationRow> evaluations;
    std::vector<PerQueryRow> per_query;
    std::vector<LogRow> log;
  };
  Rows apply(const RunRows& later);

 private:
  NameTable series_, queries_;
  int32_t evaluations_ = 0;
  int64_t log_bytes_ = 0;
};

struct RunRecord {
  RunHead head;
  RunRows rows;
};

}  // namespace lambdaforge::experiments
