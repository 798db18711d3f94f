#include "experiments/prometheus/push.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

TEST(PushPath, NamesTravelInBase64) {
  EXPECT_EQ(push_path({"wordnet", "a/b?", 3}),
            "/metrics/job/lambdaforge/project@base64/d29yZG5ldA/run@base64/YS9iPw/instance/rank-3");
  EXPECT_EQ(push_path({"", "\xfb\xff", 0}),
            "/metrics/job/lambdaforge/project@base64/=/run@base64/-_8/instance/rank-0");
}

TEST(PushMetrics, SaysWhyItFails) {
  try {
    push_metrics("http://me:hush@127.0.0.1:1/", {"p", "r", 0}, "x 1\n");
    FAIL() << "nobody listens on port 1";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("http://127.0.0.1:1:"), std::string::npos)
        << error.what();
    EXPECT_EQ(std::string(error.what()).find("hush"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace lambdaforge::experiments
