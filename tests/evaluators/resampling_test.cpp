#include "evaluators/resampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace lambdaforge::evaluators {
namespace {

using Values = std::vector<double>;

double mean(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double mean_square(const Values& values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0) /
         static_cast<double>(values.size());
}

TEST(EverySignedSum, CountsEveryChoice) {
  EXPECT_EQ(every_signed_sum(Values{}), Values{0});
  Values sums = every_signed_sum(Values{1, 2, 4});
  EXPECT_EQ(sums.front(), 1 + 2 + 4);
  std::sort(sums.begin(), sums.end());
  EXPECT_EQ(sums, (Values{-7, -5, -3, -1, 1, 3, 5, 7}));
}

// Powers of two: a sum tells which signs were drawn.
TEST(RandomSignedSums, DrawsEverySignAsAFairCoinWould) {
  Values values(19);  // two whole groups of eight and a rest
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::ldexp(1, static_cast<int>(i));
  constexpr size_t kResamples = 40001;
  const Values sums = random_signed_sums(values, kResamples, 1);
  ASSERT_EQ(sums.size(), kResamples);
  const double all = std::ldexp(1, 19) - 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto positive = std::count_if(sums.begin(), sums.end(), [&](double sum) {
      return static_cast<int64_t>((sum + all) / 2) >> i & 1;
    });
    // Five standard deviations of a fair coin.
    EXPECT_NEAR(static_cast<double>(positive), kResamples / 2.0, 2.5 * std::sqrt(kResamples)) << i;
  }
  // Independent signs: variances add up. The square's relative error is near sqrt(2 / resamples).
  double variance = 0;
  for (const double value : values) variance += value * value;
  EXPECT_NEAR(mean_square(sums) / variance, 1, 0.035);
}

TEST(RandomSignedSums, DependOnTheSeedOnly) {
  const Values values = {0.5, -0.25, 0.125};
  EXPECT_EQ(random_signed_sums(values, 100, 7), random_signed_sums(values, 100, 7));
  EXPECT_NE(random_signed_sums(values, 100, 7), random_signed_sums(values, 100, 8));
}

TEST(BootstrapSums, DrawsEveryValueAlike) {
  for (const size_t count : {4u, 5u}) {
    for (size_t i = 0; i < count; ++i) {
      Values indicator(count, 0);
      indicator[i] = 1;
      const Values sums = bootstrap_sums(indicator, 40000, 3);
      // Binomial(n, 1 / n): mean 1, variance 1 - 1 / n; five standard deviations of the mean.
      EXPECT_NEAR(mean(sums), 1, 5 * std::sqrt(1.0 / 40000)) << count << " " << i;
      EXPECT_NEAR(mean_square(sums) - 1, 1 - 1.0 / static_cast<double>(count), 0.05);
    }
    const Values sums = bootstrap_sums(Values(count, 0.5), 10, 3);
    EXPECT_EQ(sums, Values(10, 0.5 * static_cast<double>(count)));
  }
}

TEST(BootstrapSums, DependOnTheSeedOnly) {
  const Values values = {0.5, -0.25, 0.125};
  EXPECT_EQ(bootstrap_sums(values, 100, 7), bootstrap_sums(values, 100, 7));
  EXPECT_NE(bootstrap_sums(values, 100, 7), bootstrap_sums(values, 100, 8));
}

// Worked out from the definition of SplitMix64: what one machine reports, every machine reports.
TEST(Resampling, IsTheSameOnEveryMachine) {
  // 0xe220a8397b1dcdaf: the bits of its bytes from the last one on pick the signs; a 1 is a minus.
  const Values ones(8, 1.0);
  const auto minus_signs = [](unsigned byte) { return std::popcount(byte); };
  EXPECT_EQ(random_signed_sums(ones, 3, 0),
            (Values{8.0 - 2 * minus_signs(0xaf), 8.0 - 2 * minus_signs(0xcd),
                    8.0 - 2 * minus_signs(0x1d)}));
  // Its halves as fractions of 2^32: 0x7b1dcdaf is 0.48, 0xe220a839 is 0.88.
  EXPECT_EQ(bootstrap_sums(Values{1, 10}, 1, 0), Values{1 + 10});
}

}  // namespace
}  // namespace lambdaforge::evaluators
