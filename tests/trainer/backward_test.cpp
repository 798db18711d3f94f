#include "trainer/backward.h"

#include <gtest/gtest.h>

#include "losses/registry.h"
#include "tests/models/tiny_model.h"

namespace lambdaforge::trainer {
namespace {

// Two lists of three and two documents, 46 tokens.
Batch make_batch() {
  Batch batch;
  uint32_t key = 0;
  for (const int length : {7, 12, 4, 9, 14}) {
    models::append_tokens(length, 3 * length, key++, batch.tokens);
    batch.labels.push_back(static_cast<float>(length % 3));
  }
  batch.list_offsets = {0, 3, 5};
  return batch;
}

struct Outcome {
  double sum, count;
  std::vector<at::Tensor> gradients;
};

Outcome run(int64_t micro_batch_tokens, const models::DropoutKey* key) {
  at::manual_seed(5);
  const models::CrossEncoder model(models::tiny_config());
  int last_passes = 0;
  const losses::LossTerm term = backward(model, losses::build_loss({}), make_batch(), key,
                                         {.micro_batch_tokens = micro_batch_tokens,
                                          .before_last_pass = [&] { ++last_passes; }})
                                    .term;
  EXPECT_EQ(last_passes, 1);
  Outcome outcome{term.sum.item<double>(), term.count, {}};
  for (const models::Parameter& parameter : model.parameters())
    outcome.gradients.push_back(parameter.tensor.grad().to_dense());
  return outcome;
}

void expect_same(const Outcome& outcome, const Outcome& expected) {
  EXPECT_NEAR(outcome.sum, expected.sum, 1e-5 * std::abs(expected.sum));
  EXPECT_EQ(outcome.count, expected.count);
  // The classifier's bias moves all scores alike, so its gradient is 0 but for rounding.
  double size = 0;
  for (const at::Tensor& gradient : expected.gradients)
    size = std::max(size, gradient.abs().max().item<double>());
  for (size_t i = 0; i < expected.gradients.size(); ++i)
    EXPECT_TRUE(at::allclose(outcome.gradients[i], expected.gradients[i], 1e-5, 1e-5 * size)) << i;
}

TEST(Backward, InMicroBatchesGivesTheSameGradients) {
  const models::DropoutKey key{9, 1};
  for (const models::DropoutKey* dropout :
       {static_cast<const models::DropoutKey*>(nullptr), &key}) {
    const Outcome whole = run(0, dropout);
    EXPECT_GT(whole.count, 0);
    for (const int64_t tokens : {1, 16, 20, 45, 46, 1000}) {
      SCOPED_TRACE(tokens);
      expect_same(run(tokens, dropout), whole);
    }
  }
}

}  // namespace
}  // namespace lambdaforge::trainer
