// Elementary functions as plain arithmetic, so that a compiler can run them on whole vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace lambdaforge::models {

// e^x for x <= 0, relative error below 2e-7; 0 instead of what is too small for a normal number.
// x = n ln 2 + r, e^r by the polynomial of Cephes' expf, 2^n put into the exponent bits.
[[gnu::always_inline]] inline float exp_of_negative(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves no fraction bits
  const float bounded = x < -87.0f ? -87.0f : x;
  const float n = (bounded * 1.44269504088896341f + kRound) - kRound;
  const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const float result =
      std::bit_cast<float>(std::bit_cast<int32_t>(p) + (static_cast<int32_t>(n) << 23));
  return x < -87.0f ? 0.0f : result;
}

struct NormalAt {
  float cdf;      // P(X <= x) = (1 + erf(x / sqrt 2)) / 2
  float density;  // e^(-x^2 / 2) / sqrt(2 pi)
};

// The standard normal distribution; absolute error of the cdf below 1.5e-7. Abramowitz & Stegun
// 1964, 7.1.26, whose factor e^(-x^2) is the density that the derivative of GELU needs as well.
[[gnu::always_inline]] inline NormalAt standard_normal(float x) {
  const float z = std::abs(x) * 0.70710678118654752f;
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  const float e = exp_of_negative(-z * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float tail = 0.5f * p * t * e;
  return {x < 0.0f ? tail : 1.0f - tail, e * 0.39894228040143268f};
}

}  // namespace lambdaforge::models
