#include "experiments/mlflow/settings.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace lambdaforge::experiments::mlflow {
namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_true(const std::string& value) {
  return value == "true" || value == "True" || value == "TRUE" || value == "1";
}

}  // namespace

HttpCredentials credentials_from_environment() {
  return {from_environment("MLFLOW_TRACKING_USERNAME"),
          from_environment("MLFLOW_TRACKING_PASSWORD"), from_environment("MLFLOW_TRACKING_TOKEN"),
          is_true(from_environment("MLFLOW_TRACKING_INSECURE_TLS")),
          from_environment("MLFLOW_TRACKING_SERVER_CERT_PATH")};
}

void check_tracking_uri(const std::string& uri) {
  if (uri.empty())
    throw std::invalid_argument(
        "MLflow needs a server: set tracking.mlflow_tracking_uri or MLFLOW_TRACKING_URI to its "
        "address, such as http://127.0.0.1:5000");
  if (!uri.starts_with("http://") && !uri.starts_with("https://"))
    throw std::invalid_argument(
        fmt::format("'{}' is no address of an MLflow server: expected http://... or https://... "
                    "(start one with `mlflow server`)",
                    without_credentials(uri)));
}

Settings settings_of(const TrackingOptions& options) {
  Settings settings{options.mlflow_tracking_uri, options.mlflow_experiment,
                    options.mlflow_log_model, credentials_from_environment()};
  if (without_credentials(settings.tracking_uri) != settings.tracking_uri)
    throw std::invalid_argument(
        "tracking.mlflow_tracking_uri holds a name or a password, which the run's files would "
        "show: give them as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
  if (settings.tracking_uri.empty())
    settings.tracking_uri = from_environment("MLFLOW_TRACKING_URI");
  if (settings.experiment.empty()) settings.experiment = from_environment("MLFLOW_EXPERIMENT_NAME");
  check_tracking_uri(settings.tracking_uri);
  return settings;
}

}  // namespace lambdaforge::experiments::mlflow
