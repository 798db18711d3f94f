#include <gtest/gtest.h>

#include "tests/models/tiny_model.h"

namespace lambdaforge::models {
namespace {

CrossEncoder make_model() {
  at::manual_seed(5);
  return CrossEncoder(tiny_config());
}

TEST(CrossEncoder, APairsScoreDoesNotDependOnItsBatch) {
  const CrossEncoder model = make_model();
  TokenBatch batch, alone;
  append_tokens(5, 1, 0, batch);
  append_tokens(12, 2, 1, batch);
  append_tokens(12, 2, 0, alone);
  const at::Tensor together = model(batch, nullptr);
  EXPECT_EQ(together.sizes(), (std::vector<int64_t>{2, 1}));
  EXPECT_NEAR(together[1].item<float>(), model(alone, nullptr).item<float>(), 1e-6);
}

TEST(CrossEncoder, DropoutDependsOnTheKeyAndNotOnTheBatch) {
  const CrossEncoder model = make_model();
  TokenBatch batch, alone;
  append_tokens(5, 1, 0, batch);
  append_tokens(12, 2, 1, batch);
  append_tokens(12, 2, 1, alone);
  const DropoutKey key{9, 1}, next{9, 2};
  const float score = model(batch, &key)[1].item<float>();
  EXPECT_NEAR(score, model(alone, &key).item<float>(), 1e-6);
  EXPECT_NE(score, model(batch, &next)[1].item<float>());
  EXPECT_NE(score, model(batch, nullptr)[1].item<float>());
}

TEST(CrossEncoder, EveryParameterThatCountsGetsAGradient) {
  const CrossEncoder model = make_model();
  TokenBatch batch;
  append_tokens(9, 1, 0, batch);
  model(batch, nullptr).sum().backward();
  for (const Parameter& parameter : model.parameters()) {
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.names.front();
    EXPECT_GT(parameter.tensor.grad().abs().sum().item<float>(), 0) << parameter.names.front();
  }
}

}  // namespace
}  // namespace lambdaforge::models
