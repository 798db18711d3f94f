// A small HTTP server that Prometheus scrapes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace prometheus {
class Collectable;
}

namespace lambdaforge::experiments {

struct ExporterOptions {
  std::string address = "127.0.0.1";  // IPv4
  int port = 0;                       // or the next free one within kPortRange; 0: any
  std::string user, password;         // basic authentication; no user: none
};

// GET /metrics, and nothing else: no file, no other page. Requests are read by threads of their own
// within a few seconds and 16 KiB, or refused.
class Exporter {
 public:
  static constexpr int kPortRange = 100;

  // Throws std::runtime_error when it cannot listen: the address is not this host's, no port of the
  // range is free.
  Exporter(const ExporterOptions& options, std::shared_ptr<prometheus::Collectable> metrics);
  ~Exporter();

  int port() const { return port_; }

  // Returns once somebody has scraped what there is now. A client that comes back regularly is
  // waited for, for two of its intervals and never longer than `at_most`; where nobody has ever
  // come, or comes no longer, there is nothing to wait for.
  void wait_for_scrape(std::chrono::duration<double> at_most);

 private:
  class Watched;
  class Server;

  std::shared_ptr<Watched> metrics_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

}  // namespace lambdaforge::experiments
