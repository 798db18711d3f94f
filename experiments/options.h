// What a run's tracking can be asked for: the [tracking] section of a recipe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lambdaforge::experiments {

// One switch a sink (see sinks/registry.h), then what each of them needs to know.
struct TrackingOptions {
  bool console = true;
  bool csv = true;
  bool store = true;  // run.h5
  bool tensorboard = false;
  bool mlflow = false;
  bool prometheus = false;

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

  std::string prometheus_per = "rank";  // or "node": one exporter a host tells of all its ranks
  std::string prometheus_address = "127.0.0.1";  // IPv4; 0.0.0.0: all of the host's
  int64_t prometheus_port = 9400;                // + local rank, or the next free one; 0: any
  // Basic authentication; the password is in the environment (kPrometheusPassword). Empty: none.
  std::string prometheus_user;
  // TLS: PEM files of a certificate and its key, read at the start. Both empty: plain HTTP.
  std::string prometheus_certificate, prometheus_key;
  std::string prometheus_targets;       // folder of files for file_sd_configs; empty: none
  double prometheus_wait_seconds = 20;  // for the last scrape, where a Prometheus came before
  std::string pushgateway_url;          // empty: none

  bool operator==(const TrackingOptions&) const = default;
};

inline constexpr const char* kPrometheusPassword = "LAMBDAFORGE_PROMETHEUS_PASSWORD";

}  // namespace lambdaforge::experiments
