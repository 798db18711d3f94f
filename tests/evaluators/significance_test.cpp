#include "evaluators/significance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace lambdaforge::evaluators {
namespace {

using Values = std::vector<double>;

TEST(PairedTTest, DividesTheMeanByItsStandardError) {
  const auto test = paired_t_test(Values{1, 2, 3});
  ASSERT_TRUE(test);
  const double t = 2 / (1 / std::sqrt(3.0));
  EXPECT_NEAR(test->statistic, t, 1e-14);
  EXPECT_EQ(test->degrees_of_freedom, 2);
  EXPECT_NEAR(test->p_value, 1 - t / std::sqrt(2 + t * t), 1e-14);
}

TEST(PairedTTest, IsNotDefinedWhereNothingVaries) {
  EXPECT_FALSE(paired_t_test(Values{}));
  EXPECT_FALSE(paired_t_test(Values{0.5}));
  EXPECT_FALSE(paired_t_test(Values{0, 0, 0}));
  EXPECT_FALSE(paired_t_test(Values{0.1, 0.1, 0.1, 0.1, 0.1}));  // whose mean is not 0.1 exactly
  EXPECT_FALSE(effect_size(Values{0, 0, 0}));
}

TEST(EffectSize, IsTheMeanInStandardDeviations) {
  EXPECT_DOUBLE_EQ(*effect_size(Values{1, 2, 3}), 2 / 1.0);
  EXPECT_DOUBLE_EQ(*effect_size(Values{1, -1, 3}), 1 / std::sqrt((0.0 + 4 + 4) / 2));
}

TEST(RandomisationTest, CountsEveryChoiceOfSigns) {
  // |+-1 +-2 +-4| >= 7 in 2 of 8 choices, and >= 5 in 4 of them.
  const auto all_better = paired_randomisation_test(Values{1, 2, 4});
  EXPECT_TRUE(all_better.exact);
  EXPECT_EQ(all_better.p_value, 2.0 / 8);
  EXPECT_EQ(paired_randomisation_test(Values{-1, 2, 4}).p_value, 4.0 / 8);
  EXPECT_EQ(paired_randomisation_test(Values{1, -2, -4}).p_value, 4.0 / 8);
}

TEST(RandomisationTest, TakesRoundingForEquality) {
  // |sum| is 0.6 on paper, which 10 of 16 choices reach; in doubles it is 0.6000000000000001, and
  // four choices give 0.6.
  EXPECT_EQ(paired_randomisation_test(Values{0.5, 0.5, 0.1, -0.5}).p_value, 10.0 / 16);
}

TEST(RandomisationTest, HasAValueForEveryCount) {
  EXPECT_EQ(paired_randomisation_test(Values{0.7}).p_value, 1);  // one query proves nothing
  EXPECT_EQ(paired_randomisation_test(Values{0, 0, 0}).p_value, 1);
  EXPECT_THROW(paired_randomisation_test(Values{}), std::invalid_argument);
  EXPECT_THROW(paired_randomisation_test(Values{1}, {.resamples = 0}), std::invalid_argument);
}

TEST(RandomisationTest, NeedsNoChoiceForQueriesThatDoNotDiffer) {
  Values differences(1000, 0.0);
  differences[3] = differences[500] = differences[999] = 0.5;
  const auto test = paired_randomisation_test(differences, {.resamples = 8});
  EXPECT_TRUE(test.exact);
  EXPECT_EQ(test.p_value, 2.0 / 8);
  EXPECT_FALSE(paired_randomisation_test(differences, {.resamples = 7}).exact);
}

TEST(RandomisationTest, SamplesWhatIsTooMuchToCount) {
  // 20 equal differences, 14 to 6: |heads - tails| >= 8 of 20 fair coins.
  Values differences(20, 1.0);
  for (size_t i = 0; i < 6; ++i) differences[i] = -1;
  double choices = 0;  // C(20, 0) + ... + C(20, 6), and as many on the other side
  for (int k = 0; k <= 6; ++k)
    choices += std::round(std::tgamma(21.0) / (std::tgamma(k + 1.0) * std::tgamma(21.0 - k)));
  const double expected = 2 * choices / std::ldexp(1, 20);
  const auto sampled = paired_randomisation_test(differences);
  EXPECT_FALSE(sampled.exact);
  const double deviation = std::sqrt(expected * (1 - expected) / 100000);
  EXPECT_NEAR(sampled.p_value, expected, 5 * deviation);
  const auto exact = paired_randomisation_test(differences, {.resamples = 1 << 20});
  EXPECT_TRUE(exact.exact);
  EXPECT_EQ(exact.p_value, expected);
}

TEST(RandomisationTest, NeverReportsZero) {
  EXPECT_EQ(paired_randomisation_test(Values(60, 0.5), {.resamples = 999}).p_value, 1.0 / 1000);
}

TEST(BootstrapInterval, HoldsTheQuantilesOfResampledMeans) {
  // Of two values resamples have the means 0, 1 / 2, 1 with chances 1 / 4, 1 / 2, 1 / 4.
  const auto wide = bootstrap_interval(Values{0, 1}, {.confidence = 0.8});
  EXPECT_EQ(wide->low, 0);
  EXPECT_EQ(wide->high, 1);
  const auto narrow = bootstrap_interval(Values{0, 1}, {.confidence = 0.4});
  EXPECT_EQ(narrow->low, 0.5);
  EXPECT_EQ(narrow->high, 0.5);
}

TEST(BootstrapInterval, IsNearTheNormalOneForManyQueries) {
  Values differences;
  for (int i = 0; i < 1000; ++i) differences.push_back(0.01 + 0.1 * std::sin(i));
  const auto interval = bootstrap_interval(differences);
  const double standard_error = 0.1 / std::sqrt(2.0) / std::sqrt(1000.0);
  EXPECT_NEAR(interval->low, 0.01 - 1.96 * standard_error, 0.05 * standard_error);
  EXPECT_NEAR(interval->high, 0.01 + 1.96 * standard_error, 0.05 * standard_error);
}

TEST(BootstrapInterval, NeedsTwoQueriesAndAConfidence) {
  EXPECT_FALSE(bootstrap_interval(Values{}));
  EXPECT_FALSE(bootstrap_interval(Values{0.5}));
  for (const double confidence : {0.0, 1.0, 95.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW((void)bootstrap_interval(Values{0, 1}, {.confidence = confidence}),
                 std::invalid_argument);
  EXPECT_THROW((void)bootstrap_interval(Values{0, 1}, {.resamples = 0}), std::invalid_argument);
}

TEST(ComparePaired, LooksFromBsSide) {
  const auto comparison = compare_paired(Values{0, 0.5, 0.1 + 0.2}, Values{1, 0.25, 0.3});
  EXPECT_EQ(comparison.num_queries, 3u);
  EXPECT_DOUBLE_EQ(comparison.mean_a, (0 + 0.5 + 0.3) / 3);
  EXPECT_DOUBLE_EQ(comparison.mean_b, (1 + 0.25 + 0.3) / 3);
  EXPECT_DOUBLE_EQ(comparison.mean_difference, (1 - 0.25) / 3);
  EXPECT_EQ(comparison.wins, 1u);
  EXPECT_EQ(comparison.ties, 1u);  // 0.1 + 0.2 is 0.3 but for rounding
  EXPECT_EQ(comparison.losses, 1u);
  EXPECT_GT(comparison.t_test->statistic, 0);
  EXPECT_GT(*comparison.effect_size, 0);
}

TEST(ComparePaired, FindsARunEqualToItself) {
  const Values values = {0.5, 0.25, 1};
  const auto comparison = compare_paired(values, values);
  EXPECT_EQ(comparison.ties, 3u);
  EXPECT_EQ(comparison.randomisation_test.p_value, 1);
  EXPECT_EQ(comparison.interval->low, 0);
  EXPECT_EQ(comparison.interval->high, 0);
  EXPECT_FALSE(comparison.t_test);
}

TEST(ComparePaired, RefusesWhatIsNotPaired) {
  EXPECT_THROW(compare_paired(Values{1, 2}, Values{1}), std::invalid_argument);
  EXPECT_THROW(compare_paired(Values{1}, Values{std::nan("")}), std::invalid_argument);
  EXPECT_THROW(compare_paired(Values{}, Values{}), std::invalid_argument);
}

TEST(Holm, MultipliesByTheHypothesesThatAreLeft) {
  const Values corrected = holm(Values{0.03, 0.01, 0.02, 0.8});
  EXPECT_DOUBLE_EQ(corrected[1], 4 * 0.01);
  EXPECT_DOUBLE_EQ(corrected[2], 3 * 0.02);
  EXPECT_DOUBLE_EQ(corrected[0], 2 * 0.03);
  EXPECT_DOUBLE_EQ(corrected[3], 1 * 0.8);
}

TEST(Holm, NeverFallsAndNeverPassesOne) {
  EXPECT_EQ(holm(Values{0.5, 0.02, 0.021}), (Values{0.5, 3 * 0.02, 3 * 0.02}));
  EXPECT_EQ(holm(Values{0.6, 0.7}), (Values{1, 1}));
  EXPECT_EQ(holm(Values{0.04}), Values{0.04});
  EXPECT_EQ(holm(Values{}), Values{});
}

}  // namespace
}  // namespace lambdaforge::evaluators
