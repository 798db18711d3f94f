// What a run's tracking can be asked for: the [tracking] section of a recipe.
#pragma once

#include <string>

namespace lambdaforge::experiments {

// One switch a sink (see sinks/registry.h), then what each of them needs to know.
struct TrackingOptions {
  bool console = true;
  bool csv = true;
  bool tensorboard = false;
  bool mlflow = false;

  std::string mlflow_tracking_uri;  // empty: MLFLOW_TRACKING_URI of the environment
  std::string mlflow_experiment;    // empty: MLFLOW_EXPERIMENT_NAME, else the project
  bool mlflow_log_model = false;    // upload final/, not only its model card

  bool operator==(const TrackingOptions&) const = default;
};

}  // namespace lambdaforge::experiments
