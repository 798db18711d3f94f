#include "experiments/prometheus/exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "experiments/prometheus/base64.h"

namespace lambdaforge::experiments {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Looks at every character, so that the time it takes tells nothing of the secret.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  size_t difference = a.size() ^ b.size();
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    difference |= static_cast<size_t>((i < a.size() ? a[i] : 0) ^ (i < b.size() ? b[i] : 0));
  return difference == 0;
}

HttpServer::Handler serve(const ExporterOptions& options, std::function<std::string()> metrics,
                          std::function<void(Clock::time_point)> asked) {
  const std::string expected =
      options.user.empty() ? "" : "Basic " + base64(options.user + ":" + options.password);
  return [expected, run = options.run, metrics = std::move(metrics),
          asked = std::move(asked)](const HttpRequest& request) -> HttpAnswer {
    if (request.path != "/metrics") return {404, "", "", "not found\n"};
    if (request.method != "GET") return {405, "Allow", "GET", "GET only\n"};
    if (!expected.empty() && !equal_in_constant_time(request.authorization, expected))
      return {401, "WWW-Authenticate", "Basic realm=\"lambdaforge\"", "unauthorized\n"};
    if (!run.empty() && !request.run.empty() && request.run != run)
      return {404, "", "", "another run has this port\n"};
    const auto now = Clock::now();
    asked(now);
    return {200, "", "", metrics(), now};
  };
}

}  // namespace

// When metrics were asked for.
class Exporter::Scrapes {
 public:
  void asked(Clock::time_point when) {
    const std::lock_guard lock(mutex_);
    before_last_ = std::exchange(last_, when);
  }

  // What was asked for at `when` is on its way.
  void answered(Clock::time_point when) {
    {
      const std::lock_guard lock(mutex_);
      answered_ = when;
    }
    another_.notify_all();
  }

  void wait_for_next(Seconds at_most) {
    std::unique_lock lock(mutex_);
    if (!last_) return;
    const Seconds patience =
        before_last_ ? std::min(at_most, 2 * Seconds(*last_ - *before_last_)) : at_most;
    const auto deadline = *last_ + std::chrono::duration_cast<Clock::duration>(patience);
    const auto now = Clock::now();  // what was made before does not count
    another_.wait_until(lock, deadline, [this, now] { return answered_ >= now; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable another_;
  std::optional<Clock::time_point> last_, before_last_;
  Clock::time_point answered_;
};

Exporter::Exporter(const ExporterOptions& options, std::function<std::string()> metrics)
    : scrapes_(std::make_unique<Scrapes>()) {
  const auto handler =
      serve(options, std::move(metrics),
            [scrapes = scrapes_.get()](Clock::time_point when) { scrapes->asked(when); });
  const auto sent = [scrapes = scrapes_.get()](const HttpAnswer& answer) {
    if (answer.status == 200) scrapes->answered(answer.made);
  };
  const int last = options.port == 0 ? 0 : std::min(options.port + kPortRange - 1, 65535);
  for (int port = options.port; !server_; ++port) {
    try {
      server_ =
          std::make_unique<HttpServer>(options.address, port, options.certificate, handler, sent);
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::address_in_use)
        throw std::runtime_error(fmt::format("cannot serve metrics at {}:{}: {}", options.address,
                                             port, error.code().message()));
      if (port == last)
        throw std::runtime_error(
            fmt::format("cannot serve metrics at {}: the ports {} to {} are in use; choose others "
                        "with tracking.prometheus_port",
                        options.address, options.port, last));
    }
  }
}

Exporter::~Exporter() = default;

int Exporter::port() const {
  return server_->port();
}

void Exporter::wait_for_scrape(std::chrono::duration<double> at_most) {
  scrapes_->wait_for_next(at_most);
}

}  // namespace lambdaforge::experiments
