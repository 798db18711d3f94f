#include "launch/report.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::launch {
namespace {

std::string reported(const std::string& message) {
  testing::internal::CaptureStderr();
  report(std::runtime_error(message));
  return testing::internal::GetCapturedStderr();
}

TEST(Report, SaysTheWholeMessage) {
  EXPECT_EQ(reported("first line\nsecond line"), "lambdaforge: first line\nsecond line\n");
}

TEST(Report, LeavesOutLibtorchsStack) {
  EXPECT_EQ(reported("sizes differ\nException raised from check at a.cpp:1 (most recent call "
                     "first):\nframe #0: a + 0x1"),
            "lambdaforge: sizes differ\n");
  EXPECT_EQ(reported("can't allocate memory\nframe #0: a + 0x1\n"),
            "lambdaforge: can't allocate memory\n");
}

}  // namespace
}  // namespace lambdaforge::launch
