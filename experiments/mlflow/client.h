// The part of MLflow's REST interface that a run needs (mlflow.org/docs/latest/rest-api.html,
// /api/2.0/mlflow; tried with mlflow 3.17.2).
#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "experiments/http_client.h"
#include "experiments/mlflow/records.h"

namespace lambdaforge::experiments::mlflow {

// The server will not have it, now or later.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The server has no time now.
class Busy : public std::runtime_error {
 public:
  Busy(const std::string& text, std::chrono::seconds after)
      : std::runtime_error(text), retry_after(after) {}
  std::chrono::seconds retry_after;  // 0: it does not say
};

// A run as the server knows it.
struct ServerRun {
  std::string id;
  std::string artifact_uri;
};

// Every call is one or a few requests; it throws Refused, Busy, or std::runtime_error when there is
// no answer. All but Refused may be tried again: what had arrived already does no harm.
class Client {
 public:
  explicit Client(HttpClient& http) : http_(http) {}

  // Of the experiment with this name, which is created where there is none.
  std::string experiment_id(const std::string& name);

  // The run that has `unique_tag`, one of start.tags, or a new one: a creation whose answer was
  // lost does not leave a second run.
  ServerRun create_run(const std::string& experiment_id, const RunStart& start,
                       const KeyValue& unique_tag);

  void reopen_run(const std::string& run_id);
  void end_run(const std::string& run_id, const RunEnd& end);
  void log_batch(const std::string& run_id, const Batch& batch);  // keeps to within_limits

  // Refused also when the server leaves the upload to others (S3, a folder).
  void put_artifact(const ServerRun& run, const std::string& path,
                    const std::filesystem::path& file);

 private:
  HttpClient& http_;
};

}  // namespace lambdaforge::experiments::mlflow
