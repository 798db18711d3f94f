#include "base/splitmix64.h"

#include <gtest/gtest.h>

namespace lambdaforge {
namespace {

// The first words of the authors' generator (java.util.SplittableRandom's too) for seed 0.
TEST(SplitMix64, GivesThePublishedSequence) {
  SplitMix64 random(0);
  EXPECT_EQ(random(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(random(), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(random(), 0x06c45d188009454fu);
}

TEST(SplitMix64, IsAMixedCounter) {
  SplitMix64 random(42);
  for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(random(), splitmix64(42 + i * kSplitMixIncrement));
}

}  // namespace
}  // namespace lambdaforge
