#include "experiments/prometheus/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <list>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace lambdaforge::experiments {
namespace {

using Clock = std::chrono::steady_clock;

// Who is slower than this, or has more to say, is no Prometheus. Beyond so many connections new
// ones wait until one of them is answered or its time is up.
constexpr std::chrono::seconds kRequestTime{2};
constexpr std::chrono::seconds kAnswerTime{10};
constexpr size_t kConnectionMemory = 32768;  // of a request and the head of its answer
constexpr unsigned kMaxConnections = 64;
constexpr int kLookAtDeadlinesMs = 200;
constexpr const char* kTlsVersions = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

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

// libmicrohttpd changes neither; its options are of a C interface without const.
MHD_OptionItem option(MHD_OPTION name, const std::string& text) {
  return {name, 0, const_cast<char*>(text.c_str())};
}

std::string_view value_of(MHD_Connection* connection, MHD_ValueKind kind, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, kind, name);
  return value ? value : "";
}

MHD_Result queue(MHD_Connection* connection, const HttpAnswer& answer) {
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.text.size(), const_cast<char*>(answer.text.data()), MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                          "text/plain; version=0.0.4; charset=utf-8");
  if (!answer.header.empty())
    MHD_add_response_header(response, answer.header.c_str(), answer.value.c_str());
  const MHD_Result result =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return result;
}

}  // namespace

class HttpServer::Daemon {
 public:
  Daemon(int listener, const TlsCertificate& certificate, Handler handler,
         std::function<void(const HttpAnswer&)> sent)
      : handler_(std::move(handler)), sent_(std::move(sent)), port_(port_of(listener)) {
    start(listener, certificate);
    thread_ = std::thread([this] { serve(); });
  }

  ~Daemon() {
    stop_ = true;
    thread_.join();
    MHD_stop_daemon(daemon_);  // and what is still connected
  }

  int port() const { return port_; }

 private:
  struct Connection {
    int socket;
    Clock::time_point deadline;
    HttpAnswer answer;
  };

  void start(int listener, const TlsCertificate& certificate) {
    const std::string versions = kTlsVersions;
    std::vector<MHD_OptionItem> tls;
    if (!certificate.empty())
      tls = {option(MHD_OPTION_HTTPS_MEM_CERT, certificate.certificate),
             option(MHD_OPTION_HTTPS_MEM_KEY, certificate.key),
             option(MHD_OPTION_HTTPS_PRIORITIES, versions)};
    tls.push_back({MHD_OPTION_END, 0, nullptr});
    unsigned flags = MHD_USE_EPOLL;
    if (!certificate.empty()) flags |= MHD_USE_TLS;
    daemon_ = MHD_start_daemon(
        flags, 0, nullptr, nullptr, &Daemon::request, this, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, kMaxConnections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        kConnectionMemory, MHD_OPTION_NOTIFY_CONNECTION, &Daemon::notify, this,
        MHD_OPTION_NOTIFY_COMPLETED, &Daemon::completed, this, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END);
    if (!daemon_) throw std::runtime_error("libmicrohttpd does not start");
  }

  void serve() {
    // A client that goes away must not end the training: GnuTLS writes to its socket as to a file.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (!stop_) {
      MHD_run_wait(daemon_, kLookAtDeadlinesMs);
      const auto now = Clock::now();
      for (const Connection& connection : connections_)
        if (now >= connection.deadline) shutdown(connection.socket, SHUT_RDWR);
    }
  }

  // Comes when a connection begins and when it ends.
  static void notify(void* self, MHD_Connection* connection, void** context,
                     MHD_ConnectionNotificationCode what) {
    auto& connections = static_cast<Daemon*>(self)->connections_;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
      const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      *context =
          &connections.emplace_back(Connection{info->connect_fd, Clock::now() + kRequestTime, {}});
    } else {
      connections.remove_if([&](const Connection& each) { return &each == *context; });
    }
  }

  static Connection& state_of(MHD_Connection* connection) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return *static_cast<Connection*>(info->socket_context);
  }

  // Comes when the headers are there; an answer at once makes the library read no body.
  static MHD_Result request(void* self, MHD_Connection* connection, const char* path,
                            const char* method, const char*, const char*, size_t*, void**) {
    Connection& state = state_of(connection);
    state.answer = static_cast<Daemon*>(self)->answer_to(
        {method, path, value_of(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
         value_of(connection, MHD_GET_ARGUMENT_KIND, "run")});
    state.deadline = Clock::now() + kAnswerTime;
    return queue(connection, state.answer);
  }

  HttpAnswer answer_to(const HttpRequest& request) const {
    try {
      return handler_(request);
    } catch (const std::exception&) {  // what went wrong inside is nobody's business outside
      return {500, "", "", "internal error\n"};
    }
  }

  static void completed(void* self, MHD_Connection* connection, void**,
                        MHD_RequestTerminationCode how) {
    if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
      static_cast<Daemon*>(self)->sent_(state_of(connection).answer);
  }

  const Handler handler_;
  const std::function<void(const HttpAnswer&)> sent_;
  const int port_;
  MHD_Daemon* daemon_ = nullptr;
  std::list<Connection> connections_;  // of the thread alone, as long as it lives
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& address, int port, const TlsCertificate& certificate,
                       Handler handler, std::function<void(const HttpAnswer&)> sent)
    : daemon_(std::make_unique<Daemon>(listen_at(address, port), certificate, std::move(handler),
                                       std::move(sent))) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
  return daemon_->port();
}

}  // namespace lambdaforge::experiments
