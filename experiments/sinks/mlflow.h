// Tells an MLflow server of the run, through a spool on disk: a server that is away costs nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "experiments/mlflow/records.h"
#include "experiments/mlflow/settings.h"
#include "experiments/mlflow/spool.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

namespace mlflow {
class Sender;
}

// The run with its tags, parameters and metrics, and at the end its files: the recipe, the log and
// the model card, with mlflow_log_model the final model too. A resumed run goes on in the same run
// of the server.
//
// handle() writes to <run folder>/mlflow and returns; a thread of the sink's own sends what is
// there about once a second, and while the server is away again and again, at growing intervals.
class MlflowSink : public Sink {
 public:
  explicit MlflowSink(mlflow::Settings settings);
  ~MlflowSink() override;

  std::string name() const override { return "mlflow"; }
  // Throws std::runtime_error when the spool cannot be written.
  void handle(const Event& event) override;
  // Throws std::runtime_error, once each time, when the server goes away.
  void tick() override;
  // Sends what is left, for as long as the server goes on taking it, and about 10 s when it does
  // not. Throws std::runtime_error that says what did not arrive, where it is, and how to send it.
  void finish() override;

 private:
  void start(std::chrono::system_clock::time_point time, const RunStarted& run);
  void spool(const mlflow::Record& record);
  void spool_artifacts();

  const mlflow::Settings settings_;
  std::filesystem::path folder_;  // of the run
  std::optional<mlflow::SpoolWriter> spool_;
  std::unique_ptr<mlflow::Sender> sender_;
  mlflow::RunEnd end_{"KILLED", 0};
};

}  // namespace lambdaforge::experiments
