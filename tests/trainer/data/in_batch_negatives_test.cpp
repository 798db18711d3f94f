#include "trainer/data/in_batch_negatives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/trainer/data/test_files.h"
#include "trainer/data/sampler.h"

namespace lambdaforge::trainer {
namespace {

using Documents = std::vector<int64_t>;

// Documents by list: {0, 1, 2}, {3}, {4, 5}, {6, 7}; the third list has no positive, and the first
// one's positive stands second, beside another relevant document.
class InBatchNegativesTest : public testing::Test {
 protected:
  static TokenStore make_store(const models::Tokenizer& tokenizer) {
    const auto folder = scratch_folder();
    const auto lists =
        write_text(folder / "lists.jsonl",
                   R"({"query": "a", "docs": ["red", "green", "red"], "labels": [1, 2, 0]}
{"query": "b", "docs": ["red apple"], "labels": [1]}
{"query": "a", "docs": ["apple", "green apple"], "labels": [0, 0]}
{"query": "c", "docs": ["apple red", "red green apple"], "labels": [0, 1]}
)");
    build_token_store(lists, tokenizer, folder / "lists.h5");
    return TokenStore::open(folder / "lists.h5");
  }

  InBatchNegatives negatives(int64_t count, uint64_t seed = 42) const {
    return {store_, 64, count, seed};
  }

  models::Tokenizer tokenizer_ = make_tokenizer({"a", "b", "c", "red", "green", "apple"});
  TokenStore store_ = make_store(tokenizer_);
};

TEST_F(InBatchNegativesTest, PutThePositiveFirstAndTheOwnNegativesLast) {
  const auto chosen = negatives(-1).choose(Documents{0, 1, 2, 3}, 0, 0);
  ASSERT_EQ(chosen.size(), 4u);
  EXPECT_EQ(chosen[0], (Documents{1, 3, 4, 5, 6, 7, 2}));
  EXPECT_EQ(chosen[1], (Documents{3, 0, 1, 2, 4, 5, 6, 7}));
  EXPECT_TRUE(chosen[2].empty());
  EXPECT_EQ(chosen[3], (Documents{7, 0, 1, 2, 3, 4, 5, 6}));
}

TEST_F(InBatchNegativesTest, AreNotDrawnWhereTheyAreKnownToBeRelevant) {
  const auto folder = scratch_folder();
  write_text(folder / "lists.jsonl", R"({"query": "a", "docs": ["red", "green"], "labels": [1, 0.5]}
{"query": "b", "docs": ["green", "green apple", "red"], "labels": [1, 0, 0]}
{"query": "a", "docs": ["apple", "red apple"], "labels": [1, 0]}
)");
  build_token_store(folder / "lists.jsonl", tokenizer_, folder / "lists.h5");
  const TokenStore store = TokenStore::open(folder / "lists.h5");
  const auto chosen = InBatchNegatives(store, 64, -1, 42).choose(Documents{0, 1, 2}, 0, 0);
  EXPECT_EQ(chosen[0], (Documents{0, 3, 6}));  // "apple" is relevant where "a" is asked again
  EXPECT_EQ(chosen[1], (Documents{2, 0, 5, 6, 3, 4}));
  EXPECT_EQ(chosen[2], (Documents{5, 3, 6}));
}

TEST_F(InBatchNegativesTest, DrawDistinctDocumentsOfOtherLists) {
  for (int64_t step = 0; step < 50; ++step) {
    const Documents chosen = negatives(2).choose(Documents{0, 1, 2, 3}, 0, step)[0];
    ASSERT_EQ(chosen.size(), 4u);
    EXPECT_EQ(chosen.front(), 1);
    EXPECT_EQ(chosen.back(), 2);
    EXPECT_NE(chosen[1], chosen[2]);
    EXPECT_TRUE(chosen[1] >= 3 && chosen[2] >= 3);
  }
}

TEST_F(InBatchNegativesTest, DrawEveryDocumentEquallyOften) {
  std::map<int64_t, int> counts;
  constexpr int kSteps = 5000;
  for (int64_t step = 0; step < kSteps; ++step) {
    const Documents chosen = negatives(2).choose(Documents{0, 1, 2, 3}, 0, step)[0];
    ++counts[chosen[1]];
    ++counts[chosen[2]];
  }
  ASSERT_EQ(counts.size(), 5u);
  for (const auto& [document, count] : counts)
    EXPECT_NEAR(count, kSteps * 2 / 5.0, 200) << document;
}

TEST_F(InBatchNegativesTest, DependOnSeedEpochAndMicroStepOnly) {
  const Documents lists = {0, 1, 2, 3};
  std::set<std::vector<Documents>> different;
  for (const uint64_t seed : {1, 2})
    for (const int64_t epoch : {0, 1})
      for (const int64_t step : {0, 1, 2}) {
        different.insert(negatives(2, seed).choose(lists, epoch, step));
        EXPECT_EQ(negatives(2, seed).choose(lists, epoch, step),
                  negatives(2, seed).choose(lists, epoch, step));
      }
  EXPECT_GT(different.size(), 9u);
}

TEST_F(InBatchNegativesTest, CountTokensOfForeignDocumentsToo) {
  // [CLS] a [SEP] red apple [SEP], and so on.
  EXPECT_EQ(negatives(1).tokens(0, Documents{3, 7}), 6 + 7);
}

TEST_F(InBatchNegativesTest, AreAppendedWithLabelsOfTheirQuery) {
  Batch batch;
  store_.append_documents(3, Documents{7, 1, 6}, tokenizer_, 64, 10, batch);
  EXPECT_EQ(batch.labels, (std::vector<float>{1, 0, 0}));  // document 1 is relevant, but elsewhere
  EXPECT_EQ(batch.tokens.pair_keys, (std::vector<uint32_t>{10, 11, 12}));
  EXPECT_EQ(batch.list_offsets, (Documents{0, 3}));
}

// The lists of all ranks together, with keys, are those of one rank with the whole batch.
TEST_F(InBatchNegativesTest, OfAllRanksAreThoseOfOne) {
  const InBatchNegatives in_batch = negatives(2);
  const Documents tokens = store_.list_tokens(64);
  const auto plan = [&](int64_t world_size, int64_t rank, int64_t accumulation) {
    return BatchPlan({0, 1, 2, 3}, store_.list_offsets(), tokens,
                     {.per_device_batch_size = 4 / world_size / accumulation,
                      .world_size = world_size,
                      .rank = rank,
                      .gradient_accumulation_steps = accumulation,
                      .in_batch = &in_batch});
  };
  const MicroBatch whole = plan(1, 0, 1).micro_batch(0, 0);
  EXPECT_EQ(whole.size(), 3u);  // one list has no positive
  MicroBatch parts = plan(2, 0, 1).micro_batch(0, 0);
  for (const PlannedList& planned : plan(2, 1, 1).micro_batch(0, 0)) parts.push_back(planned);
  std::ranges::sort(parts, {}, &PlannedList::first_pair_key);
  EXPECT_EQ(parts, whole);

  // Two micro-steps of two lists: the keys of the second go on where the first stopped.
  const MicroBatch first = plan(1, 0, 2).micro_batch(0, 0),
                   second = plan(1, 0, 2).micro_batch(0, 1);
  int64_t pairs = 0;
  for (const PlannedList& planned : first) pairs += std::ssize(planned.documents);
  EXPECT_EQ(second.front().first_pair_key, pairs);
}

}  // namespace
}  // namespace lambdaforge::trainer
