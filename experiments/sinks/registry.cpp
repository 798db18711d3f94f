#include "experiments/sinks/registry.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "experiments/sinks/console.h"
#include "experiments/sinks/csv.h"
#include "experiments/sinks/mlflow.h"
#include "experiments/sinks/prometheus.h"
#include "experiments/sinks/store.h"
#include "experiments/sinks/tensorboard.h"

namespace lambdaforge::experiments {
namespace {

using Options = TrackingOptions;
using Built = std::unique_ptr<Sink>;

Built build_console(const Options&, const SinkContext& context) {
  return std::make_unique<ConsoleSink>(context.console, context.console_is_terminal);
}

Built build_csv(const Options&, const SinkContext&) {
  return std::make_unique<CsvSink>();
}

Built build_store(const Options&, const SinkContext&) {
  return std::make_unique<StoreSink>();
}

Built build_mlflow(const Options& options, const SinkContext&) {
  return std::make_unique<MlflowSink>(mlflow::settings_of(options));
}

Built build_tensorboard(const Options&, const SinkContext&) {
  return std::make_unique<TensorBoardSink>();
}

std::string prometheus_password(const Options& options) {
  if (options.prometheus_user.empty()) return "";
  const char* password = std::getenv(kPrometheusPassword);
  if (password && *password) return password;
  throw std::invalid_argument(
      fmt::format("tracking.prometheus_user is set, but no password: put it into the environment "
                  "variable {} (mpirun -x {} passes it on to other hosts)",
                  kPrometheusPassword, kPrometheusPassword));
}

TlsCertificate prometheus_certificate(const Options& options) {
  const std::string& certificate = options.prometheus_certificate;
  const std::string& key = options.prometheus_key;
  if (certificate.empty() != key.empty())
    throw std::invalid_argument(fmt::format(
        "tracking.prometheus_{} is set, but not tracking.prometheus_{}: TLS needs both, neither "
        "means plain HTTP",
        certificate.empty() ? "key" : "certificate", certificate.empty() ? "certificate" : "key"));
  return certificate.empty() ? TlsCertificate() : load_certificate(certificate, key);
}

Built build_prometheus(const Options& options, const SinkContext& context) {
  in_addr parsed{};
  if (inet_pton(AF_INET, options.prometheus_address.c_str(), &parsed) != 1)
    throw std::invalid_argument(
        fmt::format("tracking.prometheus_address: expected an IPv4 address such as 127.0.0.1 or "
                    "0.0.0.0, got '{}'",
                    options.prometheus_address));
  const std::string password = prometheus_password(options);
  const bool for_whole_node = options.prometheus_per == "node";
  if (for_whole_node && context.local_rank != 0) return nullptr;
  return std::make_unique<PrometheusSink>(PrometheusOptions{
      .exporter = {options.prometheus_address, static_cast<int>(options.prometheus_port),
                   options.prometheus_user, password, prometheus_certificate(options)},
      .for_whole_node = for_whole_node,
      .targets_folder = options.prometheus_targets,
      .pushgateway = options.pushgateway_url,
      .last_scrape_wait = std::chrono::duration<double>(options.prometheus_wait_seconds),
      .tell = context.tell});
}

}  // namespace

const std::vector<SinkEntry>& sink_table() {
  static const std::vector<SinkEntry> table = {
      {"console", &Options::console, false, build_console},
      {"mlflow", &Options::mlflow, false, build_mlflow},
      {"csv", &Options::csv, false, build_csv},
      {"store", &Options::store, false, build_store},
      {"tensorboard", &Options::tensorboard, false, build_tensorboard},
      {"prometheus", &Options::prometheus, true, build_prometheus},
  };
  return table;
}

std::vector<Built> build_sinks(const Options& options, const SinkContext& context) {
  std::vector<Built> sinks;
  for (const SinkEntry& entry : sink_table())
    if (options.*entry.is_on && (context.rank == 0 || entry.on_every_rank))
      if (Built sink = entry.build(options, context)) sinks.push_back(std::move(sink));
  return sinks;
}

}  // namespace lambdaforge::experiments
