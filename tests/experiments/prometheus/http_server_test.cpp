#include "experiments/prometheus/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <stdexcept>
#include <thread>

#include "base/stopwatch.h"
#include "experiments/prometheus/base64.h"

namespace lambdaforge::experiments {
namespace {

// A client that says what it is told to say.
class Client {
 public:
  explicit Client(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<uint16_t>(port));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{30, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: the server hung up.
  bool say(const std::string& text) const {
    size_t said = 0;
    while (said < text.size()) {
      const ssize_t size = send(socket_, text.data() + said, text.size() - said, MSG_NOSIGNAL);
      if (size <= 0) return false;
      said += static_cast<size_t>(size);
    }
    return true;
  }

  // Until the server hangs up.
  std::string hear() const {
    std::string heard;
    char part[4096];
    for (ssize_t size; (size = recv(socket_, part, sizeof(part), 0)) > 0;)
      heard.append(part, static_cast<size_t>(size));
    return heard;
  }

  bool is_hung_up() const {
    pollfd state{socket_, POLLRDHUP, 0};
    return poll(&state, 1, 0) > 0;
  }

 private:
  const int socket_;
};

class HttpServerTest : public testing::Test {
 protected:
  static HttpAnswer answer(const HttpRequest& request) {
    if (request.path == "/secret") throw std::runtime_error("the secret");
    if (request.path == "/much") return {200, "", "", std::string(50'000'000, 'x')};
    return {200, "X-Method", std::string(request.method),
            fmt::format("{}|{}|{}|", request.path, request.authorization, request.run)};
  }

  std::string ask(const std::string& request) const {
    const Client client(server_.port());
    client.say(request);
    return client.hear();
  }

  std::atomic<int> num_sent_ = 0;
  HttpServer server_{"127.0.0.1", 0, {}, answer, [this](const HttpAnswer&) { ++num_sent_; }};
};

TEST_F(HttpServerTest, TakesWhatPrometheusSends) {
  const std::string heard =
      ask("GET /metrics?x=1&run=p%2Fa+b%2B HTTP/1.1\r\nHost: h\r\nAUTHORIZATION:  Basic "
          "bWU6aXQ=\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n/metrics|Basic bWU6aXQ=|p/a b+|")) << heard;
  EXPECT_NE(heard.find("\r\nX-Method: GET\r\n"), std::string::npos) << heard;
  EXPECT_NE(heard.find("\r\nContent-Type: text/plain; version=0.0.4"), std::string::npos) << heard;
  EXPECT_EQ(num_sent_, 1);
}

TEST_F(HttpServerTest, SaysNothingOfWhatWentWrongInside) {
  const std::string heard = ask("GET /secret HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 500 ")) << heard;
  EXPECT_EQ(heard.find("the secret"), std::string::npos) << heard;
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequestOrTooLong) {
  const std::string long_text(100'000, 'x');
  for (const std::string& request :
       {std::string("\r\n\r\nx y z\r\n\r\n"), std::string("GET\r\n\r\n"),
        "GET /" + long_text + " HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: " + long_text + "\r\n\r\n", long_text}) {
    const Stopwatch stopwatch;
    const std::string heard = ask(request);
    EXPECT_TRUE(heard.empty() || heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.0 4"))
        << heard;
    EXPECT_LT(stopwatch.seconds(), 10);
  }
  EXPECT_EQ(num_sent_, 0);
}

TEST_F(HttpServerTest, HangsUpOnAClientThatNeverComesToAnEnd) {
  const Client client(server_.port());
  const Stopwatch stopwatch;
  client.say("GET / HTTP/1.1\r\nX: ");
  while (!client.is_hung_up() && stopwatch.seconds() < 20) {
    client.say("x");  // never silent for long
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_GT(stopwatch.seconds(), 1);
  EXPECT_LT(stopwatch.seconds(), 10);
}

TEST_F(HttpServerTest, AnswersBesideMoreSlowClientsThanItTakes) {
  std::list<Client> slow;
  for (int i = 0; i < 80; ++i) slow.emplace_back(server_.port()).say("GET / HTTP/1.1\r\nX: ");
  const Stopwatch stopwatch;
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_LT(stopwatch.seconds(), 10);
}

TEST_F(HttpServerTest, OutlivesAClientThatGoesInTheMiddleOfAnAnswer) {
  for (int i = 0; i < 3; ++i) {
    const Client client(server_.port());
    client.say("GET /much HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(num_sent_, 1);
}

TEST(TlsCertificate, SaysWhichFileIsMissing) {
  try {
    load_certificate("nowhere/certificate.pem", "nowhere/key.pem");
    FAIL() << "there is no such file";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("nowhere/certificate.pem"), std::string::npos)
        << error.what();
  }
}

// RFC 4648, section 10.
TEST(Base64, TakesTheStandardsExamples) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

}  // namespace
}  // namespace lambdaforge::experiments
