#include "experiments/prometheus/push.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

TEST(PushUrl, NamesTravelInBase64) {
  EXPECT_EQ(push_url("http://host:9091/", {"wordnet", "a/b?", 3}),
            "http://host:9091/metrics/job/lambdaforge/project@base64/d29yZG5ldA/run@base64/YS9iPw/"
            "instance/rank-3");
  EXPECT_EQ(push_url("http://h", {"", "\xfb\xff", 0}),
            "http://h/metrics/job/lambdaforge/project@base64/=/run@base64/-_8/instance/rank-0");
}

TEST(PushMetrics, SaysWhyItFails) {
  try {
    push_metrics("http://127.0.0.1:1", {"p", "r", 0}, "x 1\n");
    FAIL() << "nobody listens on port 1";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:1"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lambdaforge::experiments
