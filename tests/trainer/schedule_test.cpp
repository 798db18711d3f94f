#include "trainer/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace lambdaforge::trainer {
namespace {

TrainingConfig config_of(const std::string& type, double warmup_ratio) {
  TrainingConfig config;
  config.learning_rate = 2e-5;
  config.lr_scheduler_type = type;
  config.warmup_ratio = warmup_ratio;
  return config;
}

TEST(Schedule, WarmsUpFromZeroAndFallsToZero) {
  const Schedule schedule(config_of("linear", 0.1), 100);
  EXPECT_EQ(schedule.warmup_steps(), 10);
  EXPECT_EQ(schedule.learning_rate(1), 0);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(6), 2e-5 * 5 / 10);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(11), 2e-5);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(56), 2e-5 * 45 / 90);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(101), 0);
}

TEST(Schedule, RoundsTheWarmUpUp) {
  EXPECT_EQ(Schedule(config_of("linear", 0.1), 10452).warmup_steps(), 1046);
}

TEST(Schedule, WarmUpStepsOverrideTheRatio) {
  TrainingConfig config = config_of("linear", 0.1);
  config.warmup_steps = 3;
  EXPECT_EQ(Schedule(config, 100).warmup_steps(), 3);
}

TEST(Schedule, KnowsTheOtherCurves) {
  EXPECT_DOUBLE_EQ(Schedule(config_of("cosine", 0), 100).learning_rate(26),
                   2e-5 * 0.5 * (1 + std::cos(std::numbers::pi * 0.25)));
  EXPECT_DOUBLE_EQ(Schedule(config_of("constant", 0.1), 100).learning_rate(1), 2e-5);
  EXPECT_DOUBLE_EQ(Schedule(config_of("constant_with_warmup", 0.1), 100).learning_rate(6), 1e-5);
  EXPECT_DOUBLE_EQ(Schedule(config_of("constant_with_warmup", 0.1), 100).learning_rate(90), 2e-5);
}

}  // namespace
}  // namespace lambdaforge::trainer
