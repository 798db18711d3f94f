// A small HTTP server that Prometheus scrapes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "experiments/prometheus/http_server.h"

namespace lambdaforge::experiments {

struct ExporterOptions {
  std::string address = "127.0.0.1";  // IPv4
  int port = 0;                       // or the next free one within kPortRange; 0: any
  std::string user, password;         // basic authentication; no user: none
  TlsCertificate certificate;         // empty: no TLS
  std::string run;                    // who asks for another one is refused; empty: nobody is
};

// GET /metrics, and nothing else: no file, no other page. GET /metrics?run=... is answered where
// it is this exporter's run: a target that a killed run left behind asks for that run, and must not
// be taken for up when another one has its port.
class Exporter {
 public:
  static constexpr int kPortRange = 100;

  // Throws std::runtime_error when it cannot listen: the address is not this host's, no port of the
  // range is free.
  // `metrics` gives the text to serve, on the server's thread.
  Exporter(const ExporterOptions& options, std::function<std::string()> metrics);
  ~Exporter();

  int port() const;

  // Returns once somebody has scraped what there is now. A client that comes back regularly is
  // waited for, for two of its intervals and never longer than `at_most`; where nobody has ever
  // come, or comes no longer, there is nothing to wait for.
  void wait_for_scrape(std::chrono::duration<double> at_most);

 private:
  class Scrapes;

  std::unique_ptr<Scrapes> scrapes_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace lambdaforge::experiments
