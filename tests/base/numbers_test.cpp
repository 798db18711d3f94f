#include "base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace lambdaforge {
namespace {

TEST(ReadNumber, TakesWholeNumbers) {
  EXPECT_EQ(read_number<int>("-12"), -12);
  EXPECT_EQ(read_number<size_t>("12"), 12U);
  EXPECT_EQ(read_number<double>("1e-3"), 1e-3);
  EXPECT_EQ(read_number<double>("-inf"), -INFINITY);
  EXPECT_TRUE(std::isnan(read_number<double>("nan").value()));
}

TEST(ReadNumber, RefusesAnythingElse) {
  for (const std::string text : {"", " 1", "1 ", "+1", "1x", "one"}) {
    EXPECT_EQ(read_number<int>(text), std::nullopt) << text;
    EXPECT_EQ(read_number<double>(text), std::nullopt) << text;
  }
  EXPECT_EQ(read_number<int>("1.5"), std::nullopt);
  EXPECT_EQ(read_number<size_t>("-1"), std::nullopt);
  EXPECT_EQ(read_number<int>("3000000000"), std::nullopt);
  EXPECT_EQ(read_number<double>("1e999"), std::nullopt);
}

}  // namespace
}  // namespace lambdaforge
