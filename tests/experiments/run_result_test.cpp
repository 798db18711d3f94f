#include "experiments/run_result.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

TEST(RunResult, HasAnExitCodeForEachOutcome) {
  EXPECT_EQ(exit_code(Outcome::kDone), 0);
  EXPECT_EQ(exit_code(Outcome::kFailed), 1);
  EXPECT_EQ(exit_code(Outcome::kInvalid), 2);
  EXPECT_EQ(exit_code(Outcome::kDiverged), 3);
  EXPECT_EQ(exit_code(Outcome::kStopped), 75);
}

TEST(RunResult, SaysNullForWhatIsNotKnown) {
  const auto json = json_of(RunResult{});
  for (const char* key :
       {"reason", "project", "name", "folder", "metric_for_best_model", "best_metric", "best_step",
        "best_checkpoint", "final_model", "last_checkpoint", "energy_kwh", "emissions_kg"})
    EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_EQ(json.at("outcome"), "failed");
  EXPECT_EQ(json.at("metrics"), nlohmann::ordered_json::object());
}

TEST(RunResult, IsOnDiskAsItIs) {
  RunResult result;
  result.outcome = Outcome::kDone;
  result.best_metric = 0.5;
  result.best_step = 40;
  result.energy_kwh = 0.25;
  result.metrics = {{"eval_loss", 0.75}, {"eval_ndcg@10", std::numeric_limits<double>::infinity()}};
  const auto path = std::filesystem::path(testing::TempDir()) / "result.json";
  save_result(path, result);
  const auto json = nlohmann::ordered_json::parse(read_file(path));
  EXPECT_EQ(json, json_of(result));
  EXPECT_EQ(json.at("best_step"), 40);
  EXPECT_EQ(json.at("metrics").at("eval_loss"), 0.75);
  EXPECT_TRUE(json.at("metrics").at("eval_ndcg@10").is_null());
  EXPECT_THROW(save_result("/no/such/folder/result.json", result), std::runtime_error);
}

}  // namespace
}  // namespace lambdaforge::experiments
