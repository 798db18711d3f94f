// What is to be told to an MLflow server, one record after another; a line of the spool each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments::mlflow {

struct Metric {
  std::string key;
  double value = 0;
  int64_t timestamp = 0;  // milliseconds since 1970
  int64_t step = 0;
  // It is measured as time goes on, several times a step: a step that a resumed run does again has
  // more to tell of it. Other metrics have one value a step, the same each time.
  bool of_time = false;
};

struct KeyValue {
  std::string key, value;
};

// A new run of the server, or the same one again.
struct RunStart {
  std::string experiment;
  std::string name;
  int64_t start_time = 0;  // milliseconds since 1970
  bool goes_on = false;    // with the run of before, where the server has it
  std::vector<KeyValue> tags;
};

// What one log-batch request can hold.
struct Batch {
  std::vector<Metric> metrics;
  std::vector<KeyValue> params, tags;

  size_t size() const { return metrics.size() + params.size() + tags.size(); }
};

struct Artifact {
  std::string file;  // in the run's folder
  std::string path;  // among the run's artifacts
};

struct RunEnd {
  std::string status;    // FINISHED, FAILED, KILLED
  int64_t end_time = 0;  // milliseconds since 1970
};

using Record = std::variant<RunStart, Batch, Artifact, RunEnd>;

// One line of JSON without its newline. A double reads back as it was, NaN and infinities too;
// bytes that are no UTF-8 are replaced.
std::string to_line(const Record& record);
// Throws std::invalid_argument for anything that to_line does not write.
Record parse_record(std::string_view line);

// The body of runs/log-batch.
std::string log_batch_body(const Batch& batch, const std::string& run_id);

// As Hugging Face's MLflowCallback names metrics: what the server refuses becomes an underscore,
// "eval_NanoNQ_R100_ndcg@10" -> "eval_NanoNQ_R100_ndcg_10".
std::string metric_key(std::string_view name);

// Texts for the server; values that are not set read "None", as Python's do. Longer ones than the
// server takes are cut.
std::vector<KeyValue> params_of(const Parameters& parameters);

// A tag's value, cut to what the server takes.
std::string cut_tag(std::string value);

// Parts of `batch` that each keep to the limits of one request: mlflow/utils/validation.py.
std::vector<Batch> within_limits(const Batch& batch);

}  // namespace lambdaforge::experiments::mlflow
