// Which MLflow server a run talks to, and as whom.
#pragma once

#include <string>

#include "experiments/http_client.h"
#include "experiments/options.h"

namespace lambdaforge::experiments::mlflow {

struct Settings {
  std::string tracking_uri;
  std::string experiment;  // empty: the project
  bool log_model = false;
  HttpCredentials credentials;
};

// From the recipe, then from the environment, under MLflow's own names. Throws
// std::invalid_argument that says what to set when there is no server to talk to, and for a name or
// password in the recipe, which the run's files would show.
Settings settings_of(const TrackingOptions& options);

// What MLflow's own client takes from the environment: MLFLOW_TRACKING_USERNAME, _PASSWORD, _TOKEN,
// _INSECURE_TLS, _SERVER_CERT_PATH.
HttpCredentials credentials_from_environment();

// Throws std::invalid_argument unless it is http(s)://...
void check_tracking_uri(const std::string& uri);

}  // namespace lambdaforge::experiments::mlflow
