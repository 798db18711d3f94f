#include <gtest/gtest.h>

#include "tests/parallel/world.h"

namespace lambdaforge::trainer {
namespace {

// 0 + 1 + ... + (size - 1)
int sum_of_ranks() {
  return world().size() * (world().size() - 1) / 2;
}

TEST(Communicator, SumsStartedTogetherAllArrive) {
  const auto rank = static_cast<float>(world().rank());
  const at::Tensor small = at::full({3}, rank), large = at::full({1 << 20}, 2 * rank);
  world().start_sum(large);
  world().start_sum(small);
  world().progress();
  world().finish_sums();
  EXPECT_TRUE(small.eq(sum_of_ranks()).all().item<bool>());
  EXPECT_TRUE(large.eq(2 * sum_of_ranks()).all().item<bool>());
}

TEST(Communicator, BroadcastsFromRankZero) {
  const at::Tensor values = at::arange(5, at::kFloat) + world().rank();
  world().broadcast(values);
  EXPECT_TRUE(values.equal(at::arange(5, at::kFloat)));
  EXPECT_EQ(world().broadcast("run-" + std::to_string(world().rank())), "run-0");
}

TEST(Communicator, GathersTextsOfAnyLength) {
  const auto text_of = [](int rank) { return std::string(static_cast<size_t>(3 * rank), 'x'); };
  const std::vector<std::string> texts = world().gather(text_of(world().rank()));
  ASSERT_EQ(texts.size(), static_cast<size_t>(world().size()));
  for (int rank = 0; rank < world().size(); ++rank) EXPECT_EQ(texts[rank], text_of(rank));
}

TEST(Communicator, SumsHostNumbers) {
  const auto sums = world().sum({1.0, static_cast<double>(world().rank())});
  EXPECT_EQ(sums[0], world().size());
  EXPECT_EQ(sums[1], sum_of_ranks());
}

TEST(Communicator, LocalRanksFitTheHost) {
  EXPECT_GE(world().local_rank(), 0);
  EXPECT_LE(world().local_rank(), world().rank());
  EXPECT_LT(world().local_rank(), world().local_size());
  EXPECT_LE(world().local_size(), world().size());
}

TEST(DefaultThreads, AreARanksShareOfTheHost) {
  EXPECT_EQ(default_threads(16, 16, 1), 16);
  EXPECT_EQ(default_threads(16, 16, 4), 4);  // not bound
  EXPECT_EQ(default_threads(16, 1, 4), 1);   // bound to a core each
  EXPECT_EQ(default_threads(16, 8, 4), 4);   // two ranks share a socket
  EXPECT_EQ(default_threads(2, 2, 4), 1);    // more ranks than processors
}

}  // namespace
}  // namespace lambdaforge::trainer
