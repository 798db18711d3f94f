#include "trainer/step_plan.h"

#include <gtest/gtest.h>

namespace lambdaforge::trainer {
namespace {

std::vector<int64_t> steps_where(const StepPlan& plan, bool (StepPlan::*due)(int64_t) const) {
  std::vector<int64_t> steps;
  for (int64_t step = 1; step <= plan.max_steps(); ++step)
    if ((plan.*due)(step)) steps.push_back(step);
  return steps;
}

TEST(StepPlan, CountsStepsFromEpochs) {
  TrainingConfig config;
  config.num_train_epochs = 1.5;
  EXPECT_EQ(StepPlan(config, 7).max_steps(), 11);
  config.max_steps = 3;
  EXPECT_EQ(StepPlan(config, 7).max_steps(), 3);
}

TEST(StepPlan, EvaluatesAtItsIntervalAndAtTheEnd) {
  TrainingConfig config;
  config.max_steps = 10;
  config.eval_strategy = "steps";
  config.eval_steps = 4;
  EXPECT_EQ(steps_where(StepPlan(config, 100), &StepPlan::evaluates),
            (std::vector<int64_t>{4, 8, 10}));
  config.eval_strategy = "epoch";
  EXPECT_EQ(steps_where(StepPlan(config, 3), &StepPlan::evaluates),
            (std::vector<int64_t>{3, 6, 9, 10}));
  config.eval_strategy = "no";
  EXPECT_TRUE(steps_where(StepPlan(config, 3), &StepPlan::evaluates).empty());
}

TEST(StepPlan, SharesAreOfAllSteps) {
  TrainingConfig config;
  config.max_steps = 10;
  config.logging_steps = 0.25;
  config.logging_first_step = true;
  EXPECT_EQ(steps_where(StepPlan(config, 100), &StepPlan::logs),
            (std::vector<int64_t>{1, 3, 6, 9}));
}

TEST(StepPlan, EvalStepsDefaultToLoggingSteps) {
  TrainingConfig config;
  config.max_steps = 10;
  config.logging_steps = 5;
  EXPECT_EQ(StepPlan(config, 100).eval_steps(), 5);
}

TEST(StepPlan, SavesTheBestWhenAskedTo) {
  TrainingConfig config;
  config.max_steps = 10;
  config.save_strategy = "best";
  const StepPlan plan(config, 100);
  EXPECT_TRUE(plan.saves(3, true));
  EXPECT_FALSE(plan.saves(10, false));
}

}  // namespace
}  // namespace lambdaforge::trainer
