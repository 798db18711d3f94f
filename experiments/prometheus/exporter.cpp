#include "experiments/prometheus/exporter.h"

#include <CivetServer.h>
#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace lambdaforge::experiments {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Slow clients share these threads with the real one, which waits for a time-out at worst.
constexpr const char* kThreads = "4";
constexpr const char* kRequestTimeoutMs = "2000";
// From the moment when metrics are collected until they are on the wire.
constexpr std::chrono::milliseconds kAnswerTime{250};
constexpr std::string_view kInUse = "Address already in use";

// The server says why it does not start to a callback without a state, on the thread that starts
// it; what it says later (of broken requests) is nobody's business.
thread_local std::string* start_problem = nullptr;

int keep_start_problem(const mg_connection*, const char* text) {
  if (start_problem && start_problem->empty()) *start_problem = text;
  return 1;  // 1: not to standard error
}

// Takes as long as the longer of two equal strings, so that time tells nothing of the secret.
bool equal_in_constant_time(const std::string& a, const std::string& b) {
  size_t difference = a.size() ^ b.size();
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    difference |= static_cast<size_t>((i < a.size() ? a[i] : 0) ^ (i < b.size() ? b[i] : 0));
  return difference == 0;
}

}  // namespace

// Passes the metrics on and notes when they are asked for.
class Exporter::Watched : public prometheus::Collectable {
 public:
  explicit Watched(std::shared_ptr<prometheus::Collectable> metrics)
      : metrics_(std::move(metrics)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    auto families = metrics_->Collect();
    {
      const std::lock_guard lock(mutex_);
      before_last_ = last_;
      last_ = Clock::now();
      ++count_;
    }
    scraped_.notify_all();
    return families;
  }

  // Returns whether there was a scrape after the call.
  bool wait_for_next(Seconds at_most) const {
    std::unique_lock lock(mutex_);
    if (!last_) return false;
    const Seconds patience =
        before_last_ ? std::min(at_most, 2 * Seconds(*last_ - *before_last_)) : at_most;
    const auto deadline = *last_ + std::chrono::duration_cast<Clock::duration>(patience);
    return scraped_.wait_until(lock, deadline, [this, seen = count_] { return count_ > seen; });
  }

 private:
  const std::shared_ptr<prometheus::Collectable> metrics_;
  mutable std::mutex mutex_;
  mutable std::condition_variable scraped_;
  mutable std::optional<Clock::time_point> last_, before_last_;
  mutable int64_t count_ = 0;
};

class Exporter::Server {
 public:
  // Throws std::runtime_error with the server's own words.
  Server(const std::string& address, int port) {
    std::string problem;
    start_problem = &problem;
    try {
      CivetCallbacks callbacks;
      callbacks.log_message = keep_start_problem;
      exposer_.emplace(std::vector<std::string>{"listening_ports",
                                                fmt::format("{}:{}", address, port), "num_threads",
                                                kThreads, "request_timeout_ms", kRequestTimeoutMs},
                       &callbacks);
      start_problem = nullptr;
    } catch (const std::exception& error) {
      start_problem = nullptr;
      throw std::runtime_error(problem.empty() ? error.what() : problem);
    }
  }

  prometheus::Exposer& exposer() { return *exposer_; }

 private:
  std::optional<prometheus::Exposer> exposer_;
};

Exporter::Exporter(const ExporterOptions& options, std::shared_ptr<prometheus::Collectable> metrics)
    : metrics_(std::make_shared<Watched>(std::move(metrics))) {
  const int last = options.port == 0 ? 0 : std::min(options.port + kPortRange - 1, 65535);
  for (int port = options.port; !server_; ++port) {
    try {
      server_ = std::make_unique<Server>(options.address, port);
    } catch (const std::runtime_error& error) {
      if (std::string_view(error.what()).find(kInUse) == std::string_view::npos)
        throw std::runtime_error(
            fmt::format("cannot serve metrics at {}:{}: {}", options.address, port, error.what()));
      if (port == last)
        throw std::runtime_error(
            fmt::format("cannot serve metrics at {}: the ports {} to {} are in use; choose others "
                        "with tracking.prometheus_port",
                        options.address, options.port, last));
    }
  }
  port_ = server_->exposer().GetListeningPorts().at(0);
  if (!options.user.empty())
    server_->exposer().RegisterAuth(
        [user = options.user, password = options.password](const std::string& given_user,
                                                           const std::string& given_password) {
          const bool same_user = equal_in_constant_time(given_user, user);
          return equal_in_constant_time(given_password, password) && same_user;
        },
        "lambdaforge");
  server_->exposer().RegisterCollectable(metrics_);
}

Exporter::~Exporter() = default;

void Exporter::wait_for_scrape(std::chrono::duration<double> at_most) {
  if (metrics_->wait_for_next(at_most)) std::this_thread::sleep_for(kAnswerTime);
}

}  // namespace lambdaforge::experiments
