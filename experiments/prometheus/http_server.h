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

// Our own instead of prometheus-cpp's Exposer: a training that was sent garbage died in it once, in
// one of the threads of Debian's civetweb, which it is built on. Those have 100 KiB of stack, of
// which the thread-local data of libtorch and its libraries take half: too little for its frames of
// 17 KB, it seems. Its TLS fails too, by a function that OpenSSL 3 no longer has.
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
