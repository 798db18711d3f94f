#include "models/ops/embedding.h"

#include <gtest/gtest.h>

#include "tests/models/op_testing.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kHidden = 24, kVocabulary = 50, kPositions = 16;

const PackingPtr kPacking = std::make_shared<const Packing>(Packing{{0, 2, 9}, {4, 5}});

// Id 3 stands in both pairs, and 7 twice in one of them.
const TokenBatch kBatch{{3, 9, 3, 7, 7, 0, 49, 12, 13},
                        {0, 1, 0, 0, 0, 0, 1, 1, 1},
                        {0, 1, 0, 1, 2, 3, 4, 5, 6},
                        {0, 2, 9},
                        {4, 5}};

struct Inputs {
  EmbeddingWeights weights{random_leaf({kVocabulary, kHidden}),
                           random_leaf({kPositions, kHidden}),
                           random_leaf({2, kHidden}),
                           {random_leaf({kHidden}), random_leaf({kHidden}), 1e-12}};

  std::vector<at::Tensor> leaves() const {
    return {weights.words, weights.positions, weights.types, weights.norm.weight,
            weights.norm.bias};
  }
  Inputs copy() const {
    return {{copy_of_leaf(weights.words),
             copy_of_leaf(weights.positions),
             copy_of_leaf(weights.types),
             {copy_of_leaf(weights.norm.weight), copy_of_leaf(weights.norm.bias), 1e-12}}};
  }
};

void compare_with_tensor_operations(const DropoutSite& dropout) {
  at::manual_seed(4);
  const Inputs ours, theirs = ours.copy();
  expect_equal_results(embed(kBatch, ours.weights, kPacking, dropout), ours.leaves(),
                       embed_anywhere(kBatch, theirs.weights, *kPacking, dropout), theirs.leaves());
}

TEST(Embedding, EqualsTensorOperations) {
  compare_with_tensor_operations(DropoutSite{});
}

TEST(Embedding, EqualsTensorOperationsWithDropout) {
  compare_with_tensor_operations({{7, 2}, 0, 3, 0.2});
}

TEST(Embedding, GradientOfWordsHoldsTheBatchsIdsOnly) {
  const Inputs inputs;
  embed(kBatch, inputs.weights, kPacking, {}).sum().backward();
  const at::Tensor gradient = inputs.weights.words.grad();
  ASSERT_TRUE(gradient.is_sparse());
  EXPECT_TRUE(gradient._indices()[0].equal(at::tensor({0, 3, 7, 9, 12, 13, 49}, at::kLong)));
}

}  // namespace
}  // namespace lambdaforge::models
