#include "losses/per_list.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/losses/loss_testing.h"

namespace lambdaforge::losses {
namespace {

using testing::Batch;
using testing::evaluate;
using testing::vector_of;

// sum of label * score^2, one count a list.
ListTerm weighted_squares(std::span<const double> scores, std::span<const double> labels,
                          std::span<double> gradient) {
  ListTerm term{.count = 1};
  for (size_t i = 0; i < scores.size(); ++i) {
    term.sum += labels[i] * scores[i] * scores[i];
    gradient[i] += 2 * labels[i] * scores[i];
  }
  return term;
}

std::string message_of(const at::Tensor& scores, const at::Tensor& labels,
                       const ListOffsets& lists) {
  try {
    sum_over_lists(weighted_squares)(scores, labels, lists);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

void expect_in(std::string_view part, const std::string& message) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(SumOverLists, AddsListsUpAndScattersTheirGradients) {
  const Batch batch{.scores = {1, 2, 3}, .labels = {5, 7, 11}, .offsets = {0, 2, 2, 3}};
  const auto outcome = evaluate(sum_over_lists(weighted_squares), batch);
  EXPECT_DOUBLE_EQ(outcome.sum, 5 * 1 + 7 * 4 + 11 * 9);
  EXPECT_DOUBLE_EQ(outcome.count, 3);
  EXPECT_EQ(outcome.gradient, (std::vector<double>{2 * 5 * 1, 2 * 7 * 2, 2 * 11 * 3}));
}

TEST(SumOverLists, MultipliesTheGradientFromOutside) {
  const at::Tensor scores = vector_of({3}).requires_grad_();
  const LossTerm term = sum_over_lists(weighted_squares)(scores, vector_of({1}), {{0, 1}});
  (term.sum / 4).backward();
  EXPECT_DOUBLE_EQ(scores.grad().item<double>(), 2 * 3 / 4.0);
}

TEST(SumOverLists, ReachesTheInputsOfNonContiguousScores) {
  const at::Tensor logits = at::tensor({1.0, 2.0, 3.0, 4.0}).reshape({2, 2}).requires_grad_();
  const at::Tensor scores = logits.select(1, 1);  // 2 and 4
  sum_over_lists(weighted_squares)(scores, vector_of({1, 1}), {{0, 2}}).sum.backward();
  EXPECT_TRUE(at::equal(logits.grad(), at::tensor({0.0, 4.0, 0.0, 8.0}).reshape({2, 2})));
}

TEST(SumOverLists, KeepsTheTypeOfTheScores) {
  const at::Tensor scores = vector_of({3}, at::kFloat).requires_grad_();
  const LossTerm term =
      sum_over_lists(weighted_squares)(scores, vector_of({1}, at::kFloat), {{0, 1}});
  EXPECT_EQ(term.sum.scalar_type(), at::kFloat);
  EXPECT_EQ(term.sum.dim(), 0);
}

TEST(SumOverLists, TakesScoresWithoutAGradient) {
  const LossTerm term = sum_over_lists(weighted_squares)(vector_of({3}), vector_of({1}), {{0, 1}});
  EXPECT_FALSE(term.sum.requires_grad());
  EXPECT_DOUBLE_EQ(term.sum.item<double>(), 9);
}

TEST(SumOverLists, TakesAnEmptyBatch) {
  const auto outcome =
      evaluate(sum_over_lists(weighted_squares), {.scores = {}, .labels = {}, .offsets = {0}});
  EXPECT_EQ(outcome.sum, 0);
  EXPECT_EQ(outcome.count, 0);
}

TEST(SumOverLists, NamesALengthThatDoesNotFit) {
  expect_in("scores of the shape [2]", message_of(vector_of({1, 2}), vector_of({1}), {{0, 1}}));
  expect_in("labels of the shape [1]", message_of(vector_of({1, 2}), vector_of({1}), {{0, 2}}));
  expect_in("the lists hold 3 pairs", message_of(vector_of({1}), vector_of({1}), {{0, 3}}));
}

TEST(SumOverLists, NamesAShapeThatDoesNotFit) {
  expect_in("scores of the shape [2, 1]",
            message_of(vector_of({1, 2}).reshape({2, 1}), vector_of({1, 2}), {{0, 2}}));
}

TEST(SumOverLists, RefusesIntegers) {
  expect_in("Long", message_of(vector_of({1}), vector_of({1}).to(at::kLong), {{0, 1}}));
}

TEST(SumOverLists, NamesALabelThatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_in("label of pair 1 is nan", message_of(vector_of({1, 2}), vector_of({0, nan}), {{0, 2}}));
  const double infinity = std::numeric_limits<double>::infinity();
  expect_in("label of pair 0 is inf",
            message_of(vector_of({1, 2}), vector_of({infinity, 0}), {{0, 2}}));
}

TEST(SumOverLists, RefusesOffsetsThatAreNoLists) {
  for (const std::vector<int64_t>& offsets :
       {std::vector<int64_t>{}, {1, 2}, {0, 2, 1, 2}, {0, -1, 2}}) {
    expect_in("offsets", message_of(vector_of({1, 2}), vector_of({1, 2}), {offsets}));
  }
}

}  // namespace
}  // namespace lambdaforge::losses
