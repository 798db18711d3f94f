// What a run's tracking can be asked for: the [tracking] section of a recipe.
#pragma once

#include <optional>
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

  // The energy that the run consumes (see energy/run_energy.h).
  bool energy = true;
  std::string energy_mode = "machine";     // estimates are of the whole machine, or of the run's
                                           // processes
  double energy_interval = 15;             // seconds between two savings: what a crash can lose
  std::string country_iso_code;            // "FRA"; empty: the world's average carbon intensity
  std::string region;                      // of the country
  std::optional<double> carbon_intensity;  // g CO2e/kWh, in place of the country's
  double pue = 1;                          // power usage effectiveness of the data centre
  bool rapl_include_dram = false;          // memory by the processor's counter where it has one

  bool operator==(const TrackingOptions&) const = default;
};

}  // namespace lambdaforge::experiments
