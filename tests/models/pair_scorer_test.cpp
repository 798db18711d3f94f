#include "models/pair_scorer.h"

#include <gtest/gtest.h>

#include "models/safetensors.h"
#include "tests/models/tiny_model.h"

namespace lambdaforge::models {
namespace {

Pretrained tiny_pretrained() {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_scorer";
  std::filesystem::create_directories(folder);
  write_text(folder / "config.json", tiny_config_json());
  write_vocabulary(folder);
  at::manual_seed(2);
  NamedTensors tensors;
  for (const Parameter& parameter : CrossEncoder(tiny_config()).parameters()) {
    const auto slices =
        parameter.tensor.detach().chunk(static_cast<int64_t>(parameter.names.size()));
    for (size_t i = 0; i < slices.size(); ++i) tensors.emplace_back(parameter.names[i], slices[i]);
  }
  save_safetensors(folder / "model.safetensors", tensors);
  return load_pretrained(folder);
}

const std::vector<PairView> kPairs = {
    {"a b", "c"}, {"a b", "c d e f g h i j k"}, {"z", ""}, {"a b", "c"}};

TEST(PairScorer, ScoresInTheOrderOfThePairs) {
  const Pretrained pretrained = tiny_pretrained();
  const at::Tensor scores = score_pairs(pretrained, kPairs);
  ASSERT_EQ(scores.sizes(), (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(scores[0].item<float>(), scores[3].item<float>());
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_NEAR(scores[i].item<float>(),
                score_pairs(pretrained, std::span(kPairs).subspan(i, 1)).item<float>(), 1e-6);
}

TEST(PairScorer, TheTokenBudgetChangesNothing) {
  const Pretrained pretrained = tiny_pretrained();
  EXPECT_TRUE(at::allclose(score_pairs(pretrained, kPairs, 1), score_pairs(pretrained, kPairs),
                           1e-5, 1e-6));
}

TEST(PairScorer, TokenisesEachTextOnce) {
  const EncodedPairs encoded = encode_pairs(kPairs, tiny_pretrained().tokenizer);
  EXPECT_EQ(encoded.texts.size(), 5u);
  EXPECT_EQ(encoded.pairs[0], encoded.pairs[3]);
}

TEST(PairScorer, NoPairsNoScores) {
  EXPECT_EQ(score_pairs(tiny_pretrained(), {}).size(0), 0);
}

}  // namespace
}  // namespace lambdaforge::models
