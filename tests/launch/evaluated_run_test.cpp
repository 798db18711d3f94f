#include "launch/evaluated_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "base/files.h"
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

fs::path write(const fs::path& path, const std::string& content) {
  write_file_atomically(path, content);
  return path;
}

double recall_of(const fs::path& run, const fs::path& qrels) {
  return evaluate_run_file(run, qrels, "recall@1").per_query.at("pets_recall@1").at(0).second;
}

TEST(EvaluateRunFile, TakesJudgementsInTheColumnsOfTrecAndBeir) {
  const fs::path folder = fresh_folder();
  const fs::path run = write(folder / "run", "q1 Q0 d1 1 2 x\nq1 Q0 d2 2 1 x\n");
  EXPECT_EQ(recall_of(run, write(folder / "pets.qrels", "q1 0 d1 1\nq1 0 d2 1\n")), 1.0 / 2);
  const std::string beir = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t1\n";
  EXPECT_EQ(recall_of(run, write(folder / "pets.tsv", beir)), 1.0 / 2);
  EXPECT_EQ(recall_of(write(folder / "lists", "q1\td1 d2\n"), folder / "pets.tsv"), 1.0 / 2);
}

TEST(EvaluateRunFile, CallsTheDataSetAfterTheFile) {
  const fs::path folder = fresh_folder();
  const fs::path run = write(folder / "run", "q1 Q0 d1 1 2 x\n");
  for (const char* name : {"x_base.qrels", "x_base.tsv.gz"}) {  // plain text reads under any name
    const fs::path qrels = write(folder / name, "q1 0 d1 1\n");
    EXPECT_TRUE(evaluate_run_file(run, qrels, "map").per_query.contains("x_base_map")) << name;
  }
}

}  // namespace
}  // namespace lambdaforge::launch
