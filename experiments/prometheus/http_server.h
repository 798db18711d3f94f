// What Prometheus needs of HTTP and TLS, on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/prometheus/tls_certificate.h"

namespace lambdaforge::experiments {

// A body is never read.
struct HttpRequest {
  std::string_view method;         // "GET"
  std::string_view path;           // "/metrics", without what follows a "?"
  std::string_view authorization;  // the header's value; empty: none
  std::string_view run;            // of "?run=", decoded; empty: none
};

struct HttpAnswer {
  int status = 200;
  std::string header, value;  // one besides the usual; empty: none
  std::string text;
  std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
};

// GNU libmicrohttpd behind what the rest of the program knows: one request a connection, all of
// them on one thread with a stack of the usual size, at most 64 connections. A request that has not
// come within two seconds, or has more than 32 KiB to say, ends with its connection, and so does an
// answer that nobody takes for ten.
//
// Two other libraries were tried. prometheus-cpp's Exposer stands on civetweb: a training that was
// sent garbage died in one of its threads, which have 100 KiB of stack, of which the thread-local
// data of libtorch and its libraries take half; its TLS asks for a function that OpenSSL 3 no
// longer has. cpp-httplib 0.11.4 limits each read but no request (a byte every few seconds holds
// one of its threads for ever), keeps a line or a number of headers of any length in memory, and
// answers 500 once the process has 1,024 files open.
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Listens on an IPv4 address; port 0: any that is free. With a certificate it speaks TLS 1.2 and
  // 1.3 and nothing else. `sent` hears of each answer that is wholly on its way. Both are called by
  // the server's thread. Throws std::system_error with the system's reason,
  // std::errc::address_in_use among them, or std::runtime_error when the server does not start.
  HttpServer(const std::string& address, int port, const TlsCertificate& certificate,
             Handler handler, std::function<void(const HttpAnswer&)> sent);
  ~HttpServer();

  int port() const;

 private:
  class Daemon;

  std::unique_ptr<Daemon> daemon_;
};

}  // namespace lambdaforge::experiments
