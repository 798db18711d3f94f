// What a run's tracking can be asked for: the [tracking] section of a recipe.
#pragma once

#include <cstdint>
#include <string>

namespace lambdaforge::experiments {

// One switch a sink (see sinks/registry.h), then what each of them needs to know.
struct TrackingOptions {
  bool console = true;
  bool csv = true;
  bool prometheus = false;

  std::string prometheus_per = "rank";  // or "node": one exporter a host tells of all its ranks
  std::string prometheus_address = "127.0.0.1";  // IPv4; 0.0.0.0: all of the host's
  int64_t prometheus_port = 9400;                // + local rank, or the next free one; 0: any
  // Basic authentication; the password is in the environment (kPrometheusPassword). Empty: none.
  std::string prometheus_user;
  std::string prometheus_targets;       // folder of files for file_sd_configs; empty: none
  double prometheus_wait_seconds = 20;  // for the last scrape, where a Prometheus came before
  std::string pushgateway_url;          // empty: none

  bool operator==(const TrackingOptions&) const = default;
};

inline constexpr const char* kPrometheusPassword = "LAMBDAFORGE_PROMETHEUS_PASSWORD";

}  // namespace lambdaforge::experiments
