#include "losses/lambda_schemes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lambdaforge::losses {
namespace {

double reciprocal_rank(const std::vector<double>& labels) {
  for (size_t p = 0; p < labels.size(); ++p)
    if (labels[p] > 0) return 1.0 / static_cast<double>(p + 1);
  return 0;
}

double average_precision(const std::vector<double>& labels) {
  double found = 0, sum = 0;
  for (size_t p = 0; p < labels.size(); ++p)
    if (labels[p] > 0) sum += ++found / static_cast<double>(p + 1);
  return found == 0 ? 0 : sum / found;
}

RankedList ranked(std::vector<double> labels) {
  return {.order = std::vector<int64_t>(labels.size()),
          .scores = {},
          .labels = std::move(labels),
          .gains = {},
          .inverse_discounts = {}};
}

// Every pair of random rankings, against the metric before and after the swap.
void expect_change_of(double (*metric)(const std::vector<double>&), const char* scheme) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> labels(1 + random() % 9);
    std::ranges::generate(labels, [&] { return static_cast<double>(random() % 3); });
    const RankedList list = ranked(labels);
    for (int64_t i = 0; i < list.size(); ++i)
      for (int64_t j = 0; j < list.size(); ++j) {
        std::vector<double> swapped = labels;
        std::swap(swapped[i], swapped[j]);
        EXPECT_NEAR(find_lambda_scheme(scheme).weight(list, i, j, 0),
                    std::abs(metric(swapped) - metric(labels)), 1e-12);
      }
  }
}

TEST(LambdaSchemes, MrrIsTheChangeOfTheReciprocalRank) {
  expect_change_of(reciprocal_rank, "MRR");
}

TEST(LambdaSchemes, MapIsTheChangeOfTheAveragePrecision) {
  expect_change_of(average_precision, "MAP");
}

}  // namespace
}  // namespace lambdaforge::losses
