#include "evaluators/student_t.h"

#include <cmath>
#include <limits>

namespace lambdaforge::evaluators {
namespace {

// long double throughout: with 10,000 queries the logarithms of gamma are near 40,000, and their
// difference would lose five of a double's digits.

// Lentz's method divides by partial denominators, which must not be 0 (Thompson & Barnett 1986).
long double nonzero(long double value) {
  return value == 0 ? std::numeric_limits<long double>::min() : value;
}

// 1 + d_1 / (1 + d_2 / (1 + ...)), the continued fraction of DLMF 8.17.22 by Lentz 1976; it
// converges fast for x < (a + 1) / (a + b + 2).
long double beta_fraction(long double a, long double b, long double x) {
  long double fraction = 1, c = 1, d = 0, factor = 0;
  const auto append = [&](long double coefficient) {
    d = 1 / nonzero(1 + coefficient * d);
    c = nonzero(1 + coefficient / c);
    factor = c * d;
    fraction *= factor;
  };
  long double m = 0;
  do {
    append(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    m += 1;
    append(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
  } while (std::abs(factor - 1) > 4 * std::numeric_limits<long double>::epsilon());
  return fraction;
}

// I_x(a, b), the regularised incomplete beta function. y = 1 - x comes along because the
// subtraction would lose its digits.
long double regularized_beta(long double a, long double b, long double x, long double y) {
  if (x == 0 || y == 0) return x;
  const long double log_x = x < y ? std::log(x) : std::log1p(-y);
  const long double log_y = x < y ? std::log1p(-x) : std::log(y);
  const long double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  const long double power = std::exp(a * log_x + b * log_y - log_beta);
  if (x < (a + 1) / (a + b + 2)) return power / (a * beta_fraction(a, b, x));
  return 1 - power / (b * beta_fraction(b, a, y));
}

}  // namespace

// Abramowitz & Stegun 26.7.1 and 26.5.27: I_x(v / 2, 1 / 2) at x = v / (v + t^2).
double student_t_two_sided(double t, double degrees_of_freedom) {
  if (std::isinf(t)) return 0;
  const long double v = degrees_of_freedom;
  const long double square = static_cast<long double>(t) * t;
  return static_cast<double>(
      regularized_beta(v / 2, 0.5L, v / (v + square), square / (v + square)));
}

}  // namespace lambdaforge::evaluators
