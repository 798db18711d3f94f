#include "evaluators/student_t.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace lambdaforge::evaluators {
namespace {

constexpr double kRelative = 1e-12;

void expect_p(double t, double degrees_of_freedom, double expected) {
  EXPECT_NEAR(student_t_two_sided(t, degrees_of_freedom), expected, kRelative * expected)
      << "t = " << t << ", " << degrees_of_freedom << " degrees of freedom";
}

TEST(StudentT, IsCauchysDistributionWithOneDegreeOfFreedom) {
  for (const double t : {1e-6, 0.3, 1.0, 7.0, 1e6})
    expect_p(t, 1, 2 / std::numbers::pi * std::atan(1 / t));
}

TEST(StudentT, HasAClosedFormWithTwoDegreesOfFreedom) {
  for (const double t : {0.01, 0.3, 1.0, 7.0}) expect_p(t, 2, 1 - t / std::sqrt(2 + t * t));
}

// 2 * scipy.stats.t.sf(t, v), scipy 1.17.
TEST(StudentT, AgreesWithScipyFarIntoTheTails) {
  expect_p(0.1, 3, 0.9266523488008059);
  expect_p(2.0, 9, 0.07655282377070101);
  expect_p(2.5, 49, 0.01581578884718008);
  expect_p(12.0, 49, 3.380810494797404e-16);
  expect_p(1.96, 999, 0.050273462733810045);
  expect_p(15.0, 999, 5.059245761506002e-46);
  expect_p(0.5, 9999, 0.6170860804235135);
  expect_p(12.0, 9999, 5.980088011366391e-33);
}

TEST(StudentT, IsSymmetricAndEndsInZero) {
  EXPECT_EQ(student_t_two_sided(-2.5, 49), student_t_two_sided(2.5, 49));
  EXPECT_EQ(student_t_two_sided(0, 5), 1);
  EXPECT_EQ(student_t_two_sided(std::numeric_limits<double>::infinity(), 5), 0);
  EXPECT_EQ(student_t_two_sided(1e300, 50), 0);
}

}  // namespace
}  // namespace lambdaforge::evaluators
