#include "trainer/stopping.h"

#include <gtest/gtest.h>

#include <utility>

namespace lambdaforge::trainer {
namespace {

TrainingConfig asking_for(double gain_per_kwh) {
  TrainingConfig config;
  config.min_gain_per_kwh = gain_per_kwh;
  return config;
}

experiments::TrainerState evaluated_at(double kwh, double best) {
  experiments::TrainerState state;
  state.best_metric = best;
  state.log_history = {{{"eval_loss", 2}, {kEvaluationKwh, kwh / 2}},
                       {{"eval_loss", best}, {kEvaluationKwh, kwh}},
                       {{"loss", 1}}};
  return state;
}

TEST(Stopping, ComparesWithTheEvaluationBeforeAResume) {
  for (const auto& [loss, ends] : {std::pair{0.3, false}, std::pair{0.49, true}}) {
    Stopping stopping(asking_for(1), false);
    stopping.go_on(evaluated_at(1.0, 0.5));
    EXPECT_FALSE(stopping.reason());
    stopping.after_evaluation(loss, {.kwh = 1.1});  // 0.1 kWh: the loss must fall by 0.1
    EXPECT_EQ(stopping.reason().has_value(), ends) << loss;
  }
}

TEST(Stopping, HasNothingToCompareWithWhereARunBegins) {
  Stopping stopping(asking_for(1), true);
  stopping.go_on({});
  stopping.after_evaluation(0.1, {.kwh = 1});
  EXPECT_FALSE(stopping.reason());
}

}  // namespace
}  // namespace lambdaforge::trainer
