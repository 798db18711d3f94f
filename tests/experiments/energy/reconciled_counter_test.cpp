#include "experiments/energy/reconciled_counter.h"

#include <gtest/gtest.h>

namespace lambdaforge::experiments::energy {
namespace {

TEST(ReconciledCounter, IsTheCounterWhereThereIsOne) {
  ReconciledCounter counter(100);
  EXPECT_EQ(counter.add(130, 1000), 30);
  EXPECT_EQ(counter.add(135, 1000), 5);
}

TEST(ReconciledCounter, IsTheEstimateWhereThereIsNone) {
  ReconciledCounter counter(std::nullopt);
  EXPECT_EQ(counter.add(std::nullopt, 7), 7);
  EXPECT_EQ(counter.add(std::nullopt, 8), 8);
}

TEST(ReconciledCounter, TakesAnEstimateOffWhenTheCounterIsBack) {
  ReconciledCounter counter(100);
  EXPECT_EQ(counter.add(std::nullopt, 10), 10);
  EXPECT_EQ(counter.add(140, 0), 40 - 10);
}

TEST(ReconciledCounter, OwesWhatWasEstimatedTooHigh) {
  ReconciledCounter counter(100);
  EXPECT_EQ(counter.add(std::nullopt, 60), 60);
  EXPECT_EQ(counter.add(140, 0), 0);  // 40 instead of 60
  EXPECT_EQ(counter.add(170, 0), 30 - 20);
}

TEST(ReconciledCounter, StartsAgainAfterAReset) {
  ReconciledCounter counter(100);
  EXPECT_EQ(counter.add(3, 11), 11);
  EXPECT_EQ(counter.add(8, 0), 5);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
