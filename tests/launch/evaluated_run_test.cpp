#include "launch/evaluated_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "evaluators/per_query.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::launch {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder() {
  const fs::path folder = fs::path(testing::TempDir()) / "lambdaforge_evaluated_run";
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

// A training run that was evaluated at steps 0, 4 and 8.
fs::path training_run() {
  const fs::path run = fresh_folder();
  for (const int64_t step : {0, 4, 8})
    evaluators::write_per_query(evaluators::per_query_path(run / "eval", step),
                                {{"s_map", {{"q", static_cast<double>(step)}}}});
  return run;
}

void set_best_step(const fs::path& run, std::optional<int64_t> step) {
  experiments::save_trainer_state(run / "trainer_state.json", {.best_global_step = step});
}

double value_of(const fs::path& path) {
  return load_evaluated_run(path.string()).per_query.at("s_map").at(0).second;
}

TEST(LoadEvaluatedRun, TakesAFile) {
  const fs::path file = evaluators::per_query_path(training_run() / "eval", 4);
  EXPECT_EQ(value_of(file), 4);
  EXPECT_EQ(load_evaluated_run(file.string()).source, file.string());
}

TEST(LoadEvaluatedRun, TakesTheFolderOfAnEvaluation) {
  const fs::path folder = fresh_folder();
  evaluators::write_per_query(folder / "per_query.csv", {{"s_map", {{"q", 0.5}}}});
  EXPECT_EQ(value_of(folder), 0.5);
  EXPECT_EQ(load_evaluated_run(folder.string()).source, (folder / "per_query.csv").string());
}

TEST(LoadEvaluatedRun, TakesTheBestStepOfATrainingRun) {
  const fs::path run = training_run();
  set_best_step(run, 4);
  EXPECT_EQ(value_of(run), 4);
}

TEST(LoadEvaluatedRun, TakesTheLastStepWhileThereIsNoBest) {
  const fs::path run = training_run();
  EXPECT_EQ(value_of(run), 8);
  set_best_step(run, std::nullopt);
  EXPECT_EQ(value_of(run), 8);
}

TEST(LoadEvaluatedRun, TakesNoOtherStepForTheBest) {
  const fs::path run = training_run();
  set_best_step(run, 6);
  try {
    load_evaluated_run(run.string());
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("step-6.csv is missing"), std::string::npos);
  }
}

TEST(LoadEvaluatedRun, SaysWhatIsMissing) {
  EXPECT_THROW(load_evaluated_run(fresh_folder().string()), std::invalid_argument);
  EXPECT_THROW(load_evaluated_run("/no/such/run"), std::runtime_error);
}

}  // namespace
}  // namespace lambdaforge::launch
