#include "trainer/data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

#include "trainer/data/random.h"

namespace lambdaforge::trainer {
namespace {

std::vector<int64_t> range(int64_t size) {
  std::vector<int64_t> values(static_cast<size_t>(size));
  std::iota(values.begin(), values.end(), int64_t{0});
  return values;
}

TEST(EpochOrder, IsTheIdentityWithoutShuffling) {
  EXPECT_EQ(epoch_order(5, 42, 3, false), range(5));
}

TEST(EpochOrder, IsAPermutationThatChangesWithSeedAndEpoch) {
  std::vector<int64_t> order = epoch_order(1000, 42, 0, true);
  EXPECT_EQ(order, epoch_order(1000, 42, 0, true));
  EXPECT_NE(order, epoch_order(1000, 42, 1, true));
  EXPECT_NE(order, epoch_order(1000, 43, 0, true));
  EXPECT_NE(epoch_order(1000, 42, 1, true), epoch_order(1000, 43, 0, true));
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, range(1000));
}

// From an independent implementation of splitmix64, MT19937-64 and Fisher-Yates: a run resumed on
// another machine must see the same order.
TEST(EpochOrder, IsTheSameOnEveryMachine) {
  EXPECT_EQ(epoch_order(10, 42, 0, true), (std::vector<int64_t>{2, 0, 4, 7, 8, 3, 5, 1, 9, 6}));
  EXPECT_EQ(epoch_order(10, 42, 1, true), (std::vector<int64_t>{2, 8, 7, 3, 6, 4, 0, 9, 5, 1}));
}

TEST(EpochOrder, HandlesTheSmallest) {
  EXPECT_TRUE(epoch_order(0, 42, 0, true).empty());
  EXPECT_EQ(epoch_order(1, 42, 0, true), range(1));
}

TEST(Random, DrawsEveryValueEquallyOften) {
  Random random(1, 2);
  std::vector<int> counts(7);
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) ++counts.at(random.below(7));
  const double expected = kDraws / 7.0;
  for (const int count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected));
}

TEST(TrainEvalSplit, SplitsByCountAndByShare) {
  for (const double eval_size : {20.0, 0.195}) {  // the share is rounded up
    const Split split = train_eval_split(100, eval_size, 42);
    EXPECT_EQ(split.eval.size(), 20u);
    EXPECT_EQ(split.train.size(), 80u);
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.eval.begin(), split.eval.end()));
    std::vector<int64_t> all;
    std::merge(split.train.begin(), split.train.end(), split.eval.begin(), split.eval.end(),
               std::back_inserter(all));
    EXPECT_EQ(all, range(100));
  }
}

TEST(TrainEvalSplit, DependsOnNothingButItsArguments) {
  EXPECT_EQ(train_eval_split(100, 20, 42).eval, train_eval_split(100, 20, 42).eval);
  EXPECT_NE(train_eval_split(100, 20, 42).eval, train_eval_split(100, 20, 43).eval);
}

TEST(TrainEvalSplit, TrainsOnEverythingWithoutEvaluation) {
  EXPECT_EQ(train_eval_split(3, 0, 42).train, range(3));
  EXPECT_TRUE(train_eval_split(3, 0, 42).eval.empty());
}

TEST(TrainEvalSplit, RefusesImpossibleSizes) {
  for (const double eval_size :
       {-1.0, 1.5, 3.0, 4.0, 0.9, 1e30, std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity()})
    EXPECT_THROW(train_eval_split(3, eval_size, 42), std::invalid_argument) << eval_size;
}

// List q has 1 + q % 5 documents.
std::vector<int64_t> offsets_of(int64_t num_lists) {
  std::vector<int64_t> offsets{0};
  for (int64_t q = 0; q < num_lists; ++q) offsets.push_back(offsets.back() + 1 + q % 5);
  return offsets;
}

constexpr int64_t kStored = 60;

// [kStored] of different sizes; they must outlive a plan.
const std::vector<int64_t> kTokens = [] {
  std::vector<int64_t> tokens;
  for (int64_t q = 0; q < kStored; ++q) tokens.push_back(10 + q * 37 % 50);
  return tokens;
}();

// 40 lists of the store, which leave a short end for most batch sizes.
std::vector<int64_t> some_lists() {
  std::vector<int64_t> lists;
  for (int64_t q = 0; q < kStored; ++q)
    if (q % 3 != 0) lists.push_back(q);
  return lists;
}

// What all ranks do in one optimizer step, in the order of the keys.
using Step = std::vector<PlannedList>;

std::vector<Step> steps_of(int64_t world_size, int64_t batch_size, int64_t accumulation,
                           int64_t epoch) {
  const std::vector<int64_t> offsets = offsets_of(kStored);
  std::vector<Step> steps;
  for (int64_t rank = 0; rank < world_size; ++rank) {
    BatchPlan plan(some_lists(), offsets, kTokens,
                   {.per_device_batch_size = batch_size,
                    .world_size = world_size,
                    .rank = rank,
                    .gradient_accumulation_steps = accumulation});
    steps.resize(static_cast<size_t>(plan.steps_per_epoch()));
    int64_t index = 0;
    for (size_t step = 0; step < steps.size(); ++step)
      for (int64_t i = plan.micro_steps_in_step(static_cast<int64_t>(step)); i > 0; --i) {
        const MicroBatch slice = plan.micro_batch(epoch, index++);
        EXPECT_LE(std::ssize(slice), batch_size);
        steps[step].insert(steps[step].end(), slice.begin(), slice.end());
      }
    EXPECT_EQ(index, plan.micro_steps_per_epoch());
  }
  for (Step& step : steps)
    std::sort(step.begin(), step.end(), [](const PlannedList& a, const PlannedList& b) {
      return a.first_pair_key < b.first_pair_key;
    });
  return steps;
}

TEST(BatchPlan, SeesEveryListOnceAnEpochOnEveryWorldSize) {
  for (const int64_t world_size : {1, 2, 3, 4})
    for (const int64_t epoch : {0, 1}) {
      std::vector<int64_t> seen;
      for (const Step& step : steps_of(world_size, 3, 2, epoch))
        for (const PlannedList& planned : step) seen.push_back(planned.list);
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen, some_lists()) << world_size;
    }
}

TEST(BatchPlan, StepsAndKeysDependOnNeitherWorldSizeNorAccumulation) {
  const std::vector<Step> expected = steps_of(1, 12, 1, 0);
  ASSERT_EQ(expected.size(), 4u);  // 12 + 12 + 12 + 4
  for (const Step& step : expected) EXPECT_EQ(step.front().first_pair_key, 0u);
  EXPECT_EQ(steps_of(1, 3, 4, 0), expected);
  EXPECT_EQ(steps_of(2, 6, 1, 0), expected);
  EXPECT_EQ(steps_of(2, 3, 2, 0), expected);
  EXPECT_EQ(steps_of(3, 4, 1, 0), expected);
  EXPECT_EQ(steps_of(3, 2, 2, 0), expected);
  EXPECT_EQ(steps_of(4, 3, 1, 0), expected);
  EXPECT_EQ(steps_of(4, 1, 3, 0), expected);
}

TEST(BatchPlan, CountsStepsAsTransformersDoes) {
  const std::vector<int64_t> offsets = offsets_of(10);
  const BatchPlan plan(range(10), offsets, kTokens,
                       {.per_device_batch_size = 2, .gradient_accumulation_steps = 2});
  EXPECT_EQ(plan.micro_steps_per_epoch(), 5);  // ceil(10 / 2)
  EXPECT_EQ(plan.steps_per_epoch(), 3);        // ceil(5 / 2)
  EXPECT_EQ(plan.micro_steps_in_step(0), 2);
  EXPECT_EQ(plan.micro_steps_in_step(2), 1);  // the last group is short
  EXPECT_EQ(plan.micro_steps_in_step(3), 0);
}

// The lists of every rank in a micro-step of 8 lists over 4 ranks.
std::vector<std::vector<int64_t>> deal(int64_t micro_step, const std::vector<int64_t>& tokens) {
  const std::vector<int64_t> offsets = offsets_of(10);
  std::vector<std::vector<int64_t>> dealt;
  for (int64_t rank = 0; rank < 4; ++rank) {
    BatchPlan plan(range(10), offsets, tokens,
                   {.shuffle = false, .per_device_batch_size = 2, .world_size = 4, .rank = rank});
    dealt.emplace_back();
    for (const PlannedList& planned : plan.micro_batch(0, micro_step))
      dealt.back().push_back(planned.list);
  }
  return dealt;
}

using Dealt = std::vector<std::vector<int64_t>>;

TEST(BatchPlan, DealsListsByTheirTokens) {
  EXPECT_EQ(deal(0, {90, 20, 80, 30, 70, 40, 60, 50, 1, 1}),
            (Dealt{{0, 1}, {2, 3}, {4, 5}, {6, 7}}));
}

TEST(BatchPlan, NoRankGetsMoreListsThanItsBatchSize) {
  EXPECT_EQ(deal(0, {900, 800, 700, 1, 1, 1, 1, 1, 1, 1}), (Dealt{{0, 7}, {1, 6}, {2, 5}, {3, 4}}));
}

TEST(BatchPlan, AShortLastBatchLeavesSomeRanksWithoutAList) {
  EXPECT_EQ(deal(1, {1, 1, 1, 1, 1, 1, 1, 1, 5, 6}), (Dealt{{9}, {8}, {}, {}}));
}

TEST(BatchPlan, AnyMicroStepCanBeAskedForDirectly) {
  const std::vector<int64_t> offsets = offsets_of(kStored);
  BatchPlan walked(some_lists(), offsets, kTokens, {.per_device_batch_size = 4});
  BatchPlan resumed(some_lists(), offsets, kTokens, {.per_device_batch_size = 4});
  for (int64_t epoch = 0; epoch < 3; ++epoch) walked.micro_batch(epoch, 0);
  EXPECT_EQ(walked.micro_batch(2, 5), resumed.micro_batch(2, 5));
}

TEST(BatchPlan, KeysDoNotDependOnWhatWasAskedBefore) {
  const std::vector<int64_t> offsets = offsets_of(kStored);
  const auto plan = [&] {
    return BatchPlan(some_lists(), offsets, kTokens,
                     {.per_device_batch_size = 2, .gradient_accumulation_steps = 3});
  };
  BatchPlan walked = plan();
  for (int64_t epoch = 0; epoch < 2; ++epoch)
    for (int64_t micro = 0; micro < walked.micro_steps_per_epoch(); ++micro) {
      const MicroBatch batch = walked.micro_batch(epoch, micro);
      EXPECT_EQ(batch, plan().micro_batch(epoch, micro));
      if (micro == 4) {
        EXPECT_EQ(batch, walked.micro_batch(epoch, micro));
      }
    }
}

TEST(BatchPlan, RefusesImpossibleOptions) {
  const std::vector<int64_t> offsets = offsets_of(10);
  const auto plan = [&](std::vector<int64_t> lists, const BatchPlanOptions& options) {
    return BatchPlan(std::move(lists), offsets, kTokens, options);
  };
  EXPECT_THROW(plan({}, {}), std::invalid_argument);
  EXPECT_THROW(plan({10}, {}), std::invalid_argument);
  EXPECT_THROW(plan(range(3), {.per_device_batch_size = 0}), std::invalid_argument);
  EXPECT_THROW(plan(range(3), {.world_size = 2, .rank = 2}), std::invalid_argument);
  EXPECT_THROW(plan(range(3), {.gradient_accumulation_steps = 0}), std::invalid_argument);
  EXPECT_THROW(plan(range(3), {}).micro_batch(0, 1), std::out_of_range);
  EXPECT_THROW(plan(range(3), {}).micro_batch(-1, 0), std::out_of_range);
}

}  // namespace
}  // namespace lambdaforge::trainer
