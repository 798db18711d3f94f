#include "experiments/sinks/prometheus.h"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <thread>

#include "experiments/prometheus/push.h"

namespace lambdaforge::experiments {
namespace {

constexpr int kLastPushes = 3;
constexpr std::chrono::seconds kBetweenPushes{1};

std::vector<int> shown_ranks(const RunStarted& run, bool whole_node) {
  std::vector<int> shown;
  for (const RankInfo& info : run.ranks)
    if (info.rank == run.rank || (whole_node && info.host == run.ranks.at(run.rank).host))
      shown.push_back(info.rank);
  return shown;
}

}  // namespace

void PrometheusSink::handle(const Event& event) {
  if (const auto* run = std::get_if<RunStarted>(&event.what)) {
    run_ = *run;
    metrics_ = std::make_unique<RunMetrics>(*run, shown_ranks(*run, options_.for_whole_node));
    metrics_->update(event);
    return open();
  }
  if (!metrics_) return;
  metrics_->update(event);
  if (std::holds_alternative<RunFinished>(event.what) ||
      std::holds_alternative<RunStopped>(event.what))
    ended_as_wanted_ = true;
  if (std::holds_alternative<EvaluationFinished>(event.what)) push();
}

void PrometheusSink::tick() {
  if (!metrics_) return;
  open();
  metrics_->measure_free_space();
}

void PrometheusSink::finish() {
  if (!metrics_) return;
  if (exporter_) exporter_->wait_for_scrape(options_.last_scrape_wait);
  if (is_announced_ && ended_as_wanted_)
    std::filesystem::remove(target_path(options_.targets_folder, target()));
  push_at_last();
}

// What has been done before is not done again: tick() comes here too.
void PrometheusSink::open() {
  if (!exporter_) {
    ExporterOptions options = options_.exporter;
    options.run = scrape_parameter({run_.project, run_.name, run_.rank});
    if (options.port > 0) options.port += run_.ranks.at(run_.rank).local_rank;
    metrics_->measure_free_space();
    exporter_ = std::make_unique<Exporter>(options, [this] { return metrics_->text(); });
    if (run_.rank == 0 || exporter_->port() != options.port)
      options_.tell(fmt::format("prometheus: rank {} serves {}://{}:{}/metrics{}", run_.rank,
                                options.certificate.empty() ? "http" : "https", options.address,
                                exporter_->port(),
                                options.port == 0 || exporter_->port() == options.port
                                    ? ""
                                    : fmt::format(" (port {} is in use)", options.port)));
  }
  if (!is_announced_ && !options_.targets_folder.empty()) {
    write_target(options_.targets_folder, target());
    is_announced_ = true;
  }
}

void PrometheusSink::push() {
  if (!options_.pushgateway.empty())
    push_metrics(options_.pushgateway, {run_.project, run_.name, run_.rank}, metrics_->text());
}

// The last values have no later push that makes up for one that fails.
void PrometheusSink::push_at_last() {
  for (int attempt = 1;; ++attempt) try {
      return push();
    } catch (const std::runtime_error&) {
      if (attempt == kLastPushes) throw;
      std::this_thread::sleep_for(kBetweenPushes);
    }
}

ScrapeTarget PrometheusSink::target() const {
  return {run_.project, run_.name, run_.rank,
          fmt::format("{}:{}", reachable_host(), exporter_->port()),
          !options_.exporter.certificate.empty()};
}

// Who listens on all addresses is found by the host's name.
std::string PrometheusSink::reachable_host() const {
  const std::string& address = options_.exporter.address;
  return address == "0.0.0.0" ? run_.ranks.at(run_.rank).host : address;
}

}  // namespace lambdaforge::experiments
