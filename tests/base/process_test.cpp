#include "base/process.h"

#include <gtest/gtest.h>

#include <vector>

namespace lambdaforge {
namespace {

TEST(ResidentBytes, GrowByWhatIsTouched) {
  constexpr int64_t kBytes = 64 << 20;
  const int64_t before = resident_bytes();
  const std::vector<char> touched(kBytes, 'x');
  EXPECT_GE(resident_bytes() - before, kBytes * 9 / 10);
  EXPECT_EQ(touched.back(), 'x');
}

}  // namespace
}  // namespace lambdaforge
