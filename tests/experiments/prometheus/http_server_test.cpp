#include "experiments/prometheus/http_server.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "experiments/prometheus/base64.h"

namespace lambdaforge::experiments {
namespace {

TEST(ParseHttpRequest, TakesWhatPrometheusSends) {
  const HttpRequest request = parse_http_request(
      "GET /metrics?x=1 HTTP/1.1\r\nHost: h\r\nAUTHORIZATION:  Basic bWU6aXQ=\r\nX: y");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_EQ(request.authorization, "Basic bWU6aXQ=");
}

TEST(ParseHttpRequest, RefusesTheRest) {
  for (const char* head : {"", "GET", "GET /metrics", "GET metrics HTTP/1.1", "\r\n", "x y z",
                           "GET  /metrics HTTP/1.1", "GET /metrics SPDY/3"})
    EXPECT_THROW(parse_http_request(head), std::invalid_argument) << head;
  EXPECT_EQ(parse_http_request("GET / HTTP/1.1\r\nauthorization").authorization, "");
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
