// The run's metrics for Prometheus: served to whoever scrapes, pushed to a Pushgateway, announced
// to service discovery.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/prometheus/exporter.h"
#include "experiments/prometheus/run_metrics.h"
#include "experiments/prometheus/service_discovery.h"
#include "experiments/tracker.h"

namespace lambdaforge::experiments {

struct PrometheusOptions {
  ExporterOptions exporter;     // rank r of a host starts to look at port + r
  bool for_whole_node = false;  // this rank tells what all ranks of its host do
  std::string targets_folder;   // for file_sd_configs; empty: none
  std::string pushgateway;      // URL; empty: none
  std::chrono::duration<double> last_scrape_wait{20};  // the longest wait at the end
  std::function<void(const std::string&)> tell = [](const std::string&) {};
};

class PrometheusSink : public Sink {
 public:
  explicit PrometheusSink(PrometheusOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "prometheus"; }
  // RunStarted opens the server and writes the target's file; an evaluation is pushed. Throws
  // std::runtime_error when one of them fails; tick() tries to open again.
  void handle(const Event& event) override;
  void tick() override;
  // Pushes a last time and lets a Prometheus that came before come once more, so that the end and
  // a loss that is not finite are seen. The target of a finished or stopped run is taken back; that
  // of a failed one stays, as a crashed one's does, so that somebody hears of it.
  void finish() override;

 private:
  void open();
  void push();
  void push_at_last();
  ScrapeTarget target() const;
  std::string reachable_host() const;

  const PrometheusOptions options_;
  RunStarted run_;
  std::unique_ptr<RunMetrics> metrics_;  // null: the run has not started
  std::unique_ptr<Exporter> exporter_;   // null: it does not listen yet
  bool is_announced_ = false;
  bool ended_as_wanted_ = false;
};

}  // namespace lambdaforge::experiments
