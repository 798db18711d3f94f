// Which MLflow server a run talks to, and as whom.
#pragma once

#include <string>

#include "experiments/mlflow/http.h"
#include "experiments/options.h"

namespace lambdaforge::experiments::mlflow {

struct Settings {
  std::string tracking_uri;
  std::string experiment;  // empty: the project
  bool log_model = false;
  Credentials credentials;
};

// From the recipe, then from the environment, under MLflow's own names. Throws
// std::invalid_argument that says what to set when there is no server to talk to, and for a name or
// password in the recipe, which the run's files would show.
Settings settings_of(const TrackingOptions& options);

Credentials credentials_from_environment();

// Throws std::invalid_argument unless it is http(s)://...
void check_tracking_uri(const std::string& uri);

}  // namespace lambdaforge::experiments::mlflow
