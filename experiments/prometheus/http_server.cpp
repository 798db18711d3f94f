#include "experiments/prometheus/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <list>
#include <stdexcept>
#include <system_error>

namespace lambdaforge::experiments {
namespace {

using Clock = std::chrono::steady_clock;

// Who is slower than this, or has more to say, is no Prometheus. Beyond so many connections new
// ones wait until one of them is answered or its time is up.
constexpr std::chrono::seconds kRequestTime{2};
constexpr std::chrono::seconds kAnswerTime{10};
constexpr size_t kLongestRequest = 16384;
constexpr size_t kMaxConnections = 64;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

int listen_at(const std::string& address, int port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) {
    errno = EINVAL;
    fail("address");
  }
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on,
             sizeof(on));  // ports of connections just ended
  if (bind(listener, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    const int reason = errno;
    close(listener);
    errno = reason;
    fail("bind");
  }
  return listener;
}

int port_of(int listener) {
  sockaddr_in where{};
  socklen_t size = sizeof(where);
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size) != 0) fail("getsockname");
  return ntohs(where.sin_port);
}

// Up to `end`, which is taken away too.
std::string_view take(std::string_view& text, std::string_view end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + end.size());
  return taken;
}

std::string on_the_wire(const HttpAnswer& answer) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
      "Content-Length: {}\r\nConnection: close\r\n{}\r\n{}",
      answer.status, answer.status == 200 ? "OK" : "Error", answer.text.size(), answer.headers,
      answer.text);
}

}  // namespace

HttpRequest parse_http_request(std::string_view head) {
  std::string_view line = take(head, "\r\n");
  HttpRequest request;
  request.method = take(line, " ");
  std::string_view target = take(line, " ");
  request.path = take(target, "?");
  if (!request.path.starts_with('/') || !line.starts_with("HTTP/1."))
    throw std::invalid_argument("no HTTP/1.x request");
  while (!head.empty()) {
    std::string_view value = take(head, "\r\n");
    const std::string_view name = take(value, ":");
    constexpr std::string_view kAuthorization = "authorization";
    if (name.size() != kAuthorization.size() ||
        strncasecmp(name.data(), kAuthorization.data(), name.size()) != 0)
      continue;
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    request.authorization = value;
  }
  return request;
}

// One request, one answer, the end.
class HttpServer::Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  pollfd waits_for() const {
    return {socket_, static_cast<short>(to_send_.empty() ? POLLIN : POLLOUT), 0};
  }
  bool is_over() const { return is_over_ || Clock::now() >= deadline_; }

  void go_on(const HttpServer& server) {
    if (to_send_.empty()) receive(server);
    if (!to_send_.empty()) send_on(server);
  }

 private:
  void receive(const HttpServer& server) {
    char part[4096];
    const ssize_t size = recv(socket_, part, sizeof(part), 0);
    if (size <= 0) {
      is_over_ = size == 0 || (errno != EAGAIN && errno != EINTR);
      return;
    }
    received_.append(part, static_cast<size_t>(size));
    const size_t end = received_.find(kEndOfHead);
    if (end == received_.npos && received_.size() < kLongestRequest) return;
    answer_ = end == received_.npos ? HttpAnswer{431, "", "the request is too long\n"}
                                    : answer_to(received_.substr(0, end), server);
    to_send_ = on_the_wire(answer_);
    deadline_ = Clock::now() + kAnswerTime;
  }

  static HttpAnswer answer_to(const std::string& head, const HttpServer& server) {
    try {
      return server.handler_(parse_http_request(head));
    } catch (const std::invalid_argument&) {
      return {400, "", "bad request\n"};
    } catch (const std::exception&) {  // what went wrong inside is nobody's business outside
      return {500, "", "internal error\n"};
    }
  }

  void send_on(const HttpServer& server) {
    const ssize_t size =
        send(socket_, to_send_.data() + sent_, to_send_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) {
      is_over_ = errno != EAGAIN && errno != EINTR;
      return;
    }
    sent_ += static_cast<size_t>(size);
    is_over_ = sent_ == to_send_.size();
    if (is_over_) server.sent_(answer_);
  }

  const int socket_;
  Clock::time_point deadline_ = Clock::now() + kRequestTime;
  std::string received_, to_send_;
  HttpAnswer answer_;
  size_t sent_ = 0;
  bool is_over_ = false;
};

HttpServer::HttpServer(const std::string& address, int port, Handler handler,
                       std::function<void(const HttpAnswer&)> sent)
    : handler_(std::move(handler)), sent_(std::move(sent)), listener_(listen_at(address, port)) {
  port_ = port_of(listener_);
  wake_ = eventfd(0, EFD_CLOEXEC);
  if (wake_ < 0) fail("eventfd");
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  const uint64_t stop = 1;
  if (write(wake_, &stop, sizeof(stop)) == sizeof(stop)) thread_.join();
  close(wake_);
  close(listener_);
}

void HttpServer::serve() {
  constexpr int kLookAtDeadlinesMs = 200;
  std::list<Connection> connections;
  std::vector<pollfd> waiting;
  while (true) {
    const short new_ones = connections.size() < kMaxConnections ? POLLIN : 0;
    waiting = {{wake_, POLLIN, 0}, {listener_, new_ones, 0}};
    for (const Connection& connection : connections) waiting.push_back(connection.waits_for());
    poll(waiting.data(), waiting.size(), connections.empty() ? -1 : kLookAtDeadlinesMs);
    if (waiting[0].revents != 0) return;
    size_t i = 2;
    for (Connection& connection : connections)
      if (waiting[i++].revents != 0) connection.go_on(*this);
    connections.remove_if([](const Connection& connection) { return connection.is_over(); });
    if (waiting[1].revents != 0)
      if (const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
          socket >= 0)
        connections.emplace_back(socket);
  }
}

}  // namespace lambdaforge::experiments
