#include "trainer/parallel/gradient_reducer.h"

#include <gtest/gtest.h>

#include "tests/parallel/world.h"

namespace lambdaforge::trainer {
namespace {

std::vector<at::Tensor> make_parameters() {
  std::vector<at::Tensor> parameters;
  for (int64_t size : {5, 100, 3, 64})
    parameters.push_back(at::ones({size}).set_requires_grad(true));
  return parameters;
}

// d(loss)/d(parameter i) = (i + 1) * scale
at::Tensor loss_of(const std::vector<at::Tensor>& parameters, double scale) {
  at::Tensor loss = at::zeros({});
  for (size_t i = 0; i < parameters.size(); ++i)
    loss = loss + static_cast<double>(i + 1) * scale * parameters[i].sum();
  return loss;
}

void expect_gradients(const std::vector<at::Tensor>& parameters, double scale) {
  for (size_t i = 0; i < parameters.size(); ++i)
    EXPECT_TRUE(parameters[i].grad().eq(static_cast<double>(i + 1) * scale).all().item<bool>());
}

double sum_of_ranks_plus_one() {
  return world().size() * (world().size() + 1) / 2.0;
}

// Small buckets, so that there are several; the default, so that there is one.
class GradientReducerTest : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(BucketBytes, GradientReducerTest, testing::Values(16, 512, 25 << 20));

TEST_P(GradientReducerTest, SumsOverRanksAndMicroBatches) {
  const auto parameters = make_parameters();
  GradientReducer reducer(parameters, world(), {.bucket_bytes = GetParam()});
  for (int step = 0; step < 2; ++step) {
    reducer.zero();
    loss_of(parameters, world().rank() + 1).backward();
    reducer.sum_in_next_backward();
    loss_of(parameters, 10 * (world().rank() + 1)).backward();
    reducer.finish();
    expect_gradients(parameters, 11 * sum_of_ranks_plus_one());
  }
}

TEST_P(GradientReducerTest, ARankWithoutWorkSendsZeros) {
  const auto parameters = make_parameters();
  GradientReducer reducer(parameters, world(), {.bucket_bytes = GetParam()});
  reducer.zero();
  reducer.sum_in_next_backward();
  if (world().rank() == 0) loss_of(parameters, 3).backward();
  reducer.finish();
  expect_gradients(parameters, 3);
}

TEST_P(GradientReducerTest, ParametersThatBackwardDoesNotReachGetZero) {
  const auto parameters = make_parameters();
  GradientReducer reducer(parameters, world(), {.bucket_bytes = GetParam()});
  reducer.zero();
  reducer.sum_in_next_backward();
  parameters[1].sum().backward();
  reducer.finish();
  EXPECT_TRUE(parameters[0].grad().eq(0).all().item<bool>());
  EXPECT_TRUE(parameters[1].grad().eq(world().size()).all().item<bool>());
}

TEST_P(GradientReducerTest, NormIsOverAllGradients) {
  const auto parameters = make_parameters();
  GradientReducer reducer(parameters, world(), {.bucket_bytes = GetParam()});
  reducer.zero();
  reducer.sum_in_next_backward();
  if (world().rank() == 0) loss_of(parameters, 2).backward();
  reducer.finish();
  EXPECT_NEAR(reducer.norm(), 2 * std::sqrt(5 * 1.0 + 100 * 4.0 + 3 * 9.0 + 64 * 16.0), 1e-4);
}

}  // namespace
}  // namespace lambdaforge::trainer
