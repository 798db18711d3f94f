#include "experiments/trainer_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

namespace lambdaforge::experiments {
namespace {

// Written by transformers 5.23's TrainerState.save_to_json.
const std::string kHuggingFace = R"({
  "best_global_step": 3,
  "best_metric": 0.5408,
  "best_model_checkpoint": "runs/\u00fc/checkpoint-3",
  "epoch": 0.5,
  "eval_steps": 3,
  "global_step": 3,
  "is_hyper_param_search": false,
  "is_local_process_zero": true,
  "is_world_process_zero": true,
  "log_history": [
    {
      "epoch": 0.3333333333333333,
      "grad_norm": Infinity,
      "learning_rate": 1e-05,
      "loss": NaN,
      "step": 2
    },
    {
      "epoch": 0.5,
      "eval_loss": -Infinity,
      "eval_runtime": 1.0,
      "step": 3
    }
  ],
  "logging_steps": 1,
  "max_steps": 6,
  "num_input_tokens_seen": 0,
  "num_train_epochs": 1,
  "save_steps": 3,
  "stateful_callbacks": {
    "TrainerControl": {
      "args": {
        "should_epoch_stop": false,
        "should_evaluate": false,
        "should_log": false,
        "should_save": false,
        "should_training_stop": false
      },
      "attributes": {}
    }
  },
  "total_flos": 0.0,
  "train_batch_size": 8,
  "trial_name": null,
  "trial_params": null
}
)";

TEST(TrainerState, ReadsHuggingFacesFile) {
  const TrainerState state = parse_trainer_state(kHuggingFace, "trainer_state.json");
  EXPECT_EQ(state.best_global_step, 3);
  EXPECT_EQ(state.best_metric, 0.5408);
  EXPECT_EQ(state.best_model_checkpoint, "runs/ü/checkpoint-3");
  EXPECT_EQ(state.epoch, 0.5);
  EXPECT_EQ(state.max_steps, 6);
  EXPECT_EQ(state.train_batch_size, 8);
  EXPECT_EQ(state.trial_name, std::nullopt);
  ASSERT_EQ(state.log_history.size(), 2u);
  EXPECT_EQ(state.log_history[0][0], (std::pair<std::string, double>("epoch", 1.0 / 3.0)));
  EXPECT_TRUE(std::isnan(state.log_history[0][3].second));
  EXPECT_EQ(state.log_history[1][1].second, -std::numeric_limits<double>::infinity());
}

TEST(TrainerState, WritesHuggingFacesFileByteForByte) {
  EXPECT_EQ(to_json(parse_trainer_state(kHuggingFace, "trainer_state.json")), kHuggingFace);
}

TEST(TrainerState, RoundTripsExactDoubles) {
  TrainerState state;
  state.global_step = 7;
  state.best_metric = 1.0 / 3.0;
  state.log_history = {{{"epoch", 0.1 + 0.2}, {"loss", 5e-324}, {"step", 7}}};
  EXPECT_EQ(parse_trainer_state(to_json(state), "memory"), state);
  EXPECT_EQ(parse_trainer_state(to_json(TrainerState{}), "memory"), TrainerState{});
}

TEST(TrainerState, WritesStepsAsIntegersAndFiguresAsReals) {
  TrainerState state;
  state.log_history = {{{"step", 1200}, {"eval_runtime", 2}}};
  const std::string text = to_json(state);
  EXPECT_NE(text.find("\"step\": 1200\n"), std::string::npos);
  EXPECT_NE(text.find("\"eval_runtime\": 2.0,\n"), std::string::npos);
}

TEST(TrainerState, LeavesWordsInsideStringsAlone) {
  TrainerState state;
  state.trial_name = "NaN, \"-Infinity\" and \\";
  EXPECT_EQ(parse_trainer_state(to_json(state), "memory").trial_name, state.trial_name);
}

TEST(TrainerState, TakesAFileOfAnotherVersion) {
  const auto state = parse_trainer_state(R"({"global_step": 5, "a_new_field": [1]})", "memory");
  EXPECT_EQ(state.global_step, 5);
  EXPECT_EQ(state.save_steps, 500);
}

TEST(TrainerState, NamesADamagedFile) {
  const std::string path = testing::TempDir() + "lambdaforge_trainer_state.json";
  for (const std::string& text :
       {kHuggingFace.substr(0, kHuggingFace.size() / 2), std::string(), std::string("[]"),
        std::string("{}"), std::string(R"({"global_step": "three"})"),
        std::string(R"({"global_step": 3, "log_history": [{"loss": "high"}]})"),
        std::string(R"({"global_step": 3, "log_history": {"loss": 1}})"), std::string("\"\\")}) {
    std::ofstream(path) << text;
    try {
      load_trainer_state(path);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()).rfind(path + " is damaged", 0), 0u) << error.what();
    }
  }
  EXPECT_THROW(load_trainer_state("/no/such/trainer_state.json"), std::runtime_error);
}

TEST(TrainerState, SavesWhatItLoads) {
  const std::string path = testing::TempDir() + "lambdaforge_saved_state.json";
  const TrainerState state = [] {
    TrainerState some;
    some.global_step = 12;
    some.best_model_checkpoint = "runs/a/checkpoint-12";
    return some;
  }();
  save_trainer_state(path, state);
  EXPECT_EQ(load_trainer_state(path), state);
}

}  // namespace
}  // namespace lambdaforge::experiments
