#include "trainer/data/prefetch.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/trainer/data/test_files.h"

namespace lambdaforge::trainer {
namespace {

// Ten lists; list q has 1 + q % 3 documents, all labelled q.
class BatchPrefetcherTest : public testing::Test {
 protected:
  static std::filesystem::path write_lists() {
    std::string text;
    for (int q = 0; q < 10; ++q) {
      std::string documents = "\"red\"";
      std::string labels = std::to_string(q);
      for (int i = 0; i < q % 3; ++i) {
        documents += ", \"green apple\"";
        labels += ", " + std::to_string(q);
      }
      text += R"({"query": "apple", "docs": [)" + documents + R"(], "labels": [)" + labels + "]}\n";
    }
    return write_text(scratch_folder() / "lists.jsonl", text);
  }

  static TokenStore make_store(const models::Tokenizer& tokenizer) {
    const auto lists = write_lists();
    const auto path = lists.parent_path() / "lists.h5";
    build_token_store(lists, tokenizer, path);
    return TokenStore::open(path);
  }

  BatchPlan make_plan(int64_t rank = 0, int64_t world_size = 1) const {
    return BatchPlan({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, store_.list_offsets(), list_tokens_,
                     {.per_device_batch_size = 4,
                      .world_size = world_size,
                      .rank = rank,
                      .gradient_accumulation_steps = 2});
  }

  void expect_slice(const Batch& batch, const MicroBatch& slice) const {
    ASSERT_EQ(batch.num_lists(), std::ssize(slice));
    ASSERT_EQ(batch.tokens.num_pairs(), batch.list_offsets.back());
    ASSERT_EQ(batch.labels.size(), batch.tokens.pair_keys.size());
    for (int64_t i = 0; i < batch.num_lists(); ++i) {
      const auto& [list, first_pair_key, documents] = slice[i];
      const int64_t begin = batch.list_offsets[i], end = batch.list_offsets[i + 1];
      EXPECT_EQ(end - begin, store_.list_length(list));
      EXPECT_EQ(batch.labels[begin], static_cast<float>(list));
      for (int64_t pair = begin; pair < end; ++pair)
        EXPECT_EQ(batch.tokens.pair_keys[pair], first_pair_key + (pair - begin));
    }
  }

  models::Tokenizer tokenizer_ = make_tokenizer({"red", "green", "apple"});
  TokenStore store_ = make_store(tokenizer_);
  std::vector<int64_t> list_tokens_ = store_.list_tokens(64);
};

TEST_F(BatchPrefetcherTest, FollowsThePlanEpochAfterEpoch) {
  BatchPrefetcher prefetcher(store_, tokenizer_, make_plan(), 64, {});
  BatchPlan plan = make_plan();
  Batch batch;
  for (int64_t epoch = 0; epoch < 3; ++epoch)
    for (int64_t index = 0; index < plan.micro_steps_per_epoch(); ++index) {
      prefetcher.next(batch);
      expect_slice(batch, plan.micro_batch(epoch, index));
    }
}

TEST_F(BatchPrefetcherTest, StartsWhereARunStopped) {
  BatchPlan plan = make_plan();
  Batch batch;
  BatchPrefetcher middle(store_, tokenizer_, make_plan(), 64, {.epoch = 1, .micro_step = 2});
  middle.next(batch);
  expect_slice(batch, plan.micro_batch(1, 2));
  middle.next(batch);
  expect_slice(batch, plan.micro_batch(2, 0));
  BatchPrefetcher end(store_, tokenizer_, make_plan(), 64,
                      {.epoch = 1, .micro_step = plan.micro_steps_per_epoch()});
  end.next(batch);
  expect_slice(batch, plan.micro_batch(2, 0));
}

TEST_F(BatchPrefetcherTest, GivesAnEmptyBatchToARankWithoutLists) {
  BatchPrefetcher prefetcher(store_, tokenizer_, make_plan(10, 11), 64, {});
  Batch batch;
  prefetcher.next(batch);  // 10 lists for 11 ranks
  EXPECT_EQ(batch.num_lists(), 0);
  EXPECT_EQ(batch.tokens.num_tokens(), 0);
}

TEST_F(BatchPrefetcherTest, CutsPairsToMaxLength) {
  BatchPrefetcher prefetcher(store_, tokenizer_, make_plan(), 4, {});
  Batch batch;
  prefetcher.next(batch);
  for (int64_t pair = 0; pair < batch.tokens.num_pairs(); ++pair)
    EXPECT_LE(batch.tokens.pair_offsets[pair + 1] - batch.tokens.pair_offsets[pair], 4);
}

TEST_F(BatchPrefetcherTest, ThrowsWhatWentWrongInTheThreadEveryTime) {
  BatchPrefetcher prefetcher(store_, tokenizer_, make_plan(), 2, {});  // no room for [CLS] [SEP]s
  Batch batch;
  EXPECT_THROW(prefetcher.next(batch), std::invalid_argument);
  EXPECT_THROW(prefetcher.next(batch), std::invalid_argument);
}

TEST_F(BatchPrefetcherTest, StopsWhileBatchesWait) {
  for (int i = 0; i < 50; ++i) {
    BatchPrefetcher prefetcher(store_, tokenizer_, make_plan(), 64, {});
    Batch batch;
    if (i % 2 == 0) prefetcher.next(batch);
  }
}

}  // namespace
}  // namespace lambdaforge::trainer
