// The few lines of HTTP/1.1 that Prometheus needs, on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace lambdaforge::experiments {

// What came before the empty line. A body is never read.
struct HttpRequest {
  std::string_view method;         // "GET"
  std::string_view path;           // "/metrics", without what follows a "?"
  std::string_view authorization;  // the header's value; empty: none
};

struct HttpAnswer {
  int status = 200;
  std::string headers;  // whole lines, besides the usual
  std::string text;
  std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
};

// Our own instead of prometheus-cpp's Exposer: Debian's civetweb, which that is built on, gives its
// threads 100 KiB of stack. Half of it is taken by the thread-local data of libtorch and the
// libraries around it, and a long request then writes over the next thread: training would die of
// it. Its TLS calls a function that OpenSSL 3 does not have.
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Listens on an IPv4 address; port 0: any that is free. `sent` hears of each answer that is
  // wholly on its way. Both are called by the server's thread. Throws std::system_error with the
  // system's reason, std::errc::address_in_use among them.
  HttpServer(const std::string& address, int port, Handler handler,
             std::function<void(const HttpAnswer&)> sent);
  ~HttpServer();

  int port() const { return port_; }

 private:
  class Connection;

  void serve();

  Handler handler_;
  std::function<void(const HttpAnswer&)> sent_;
  int listener_ = -1;
  int wake_ = -1;  // an eventfd that ends the thread
  int port_ = 0;
  std::thread thread_;
};

// Throws std::invalid_argument when `head` is no request.
HttpRequest parse_http_request(std::string_view head);

}  // namespace lambdaforge::experiments
