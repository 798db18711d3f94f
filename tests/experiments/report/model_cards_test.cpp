#include "experiments/report/model_cards.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

class ModelCardsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_ / "checkpoint-5");
  }

  static CardFacts facts() {
    CardFacts facts;
    facts.base_model = "MiniLM";
    facts.loss = "LambdaLoss";
    facts.loss_options = "{}";
    facts.usage_pairs = {"what's that", "it is this"};
    return facts;
  }

  const std::filesystem::path run_ =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_model_cards";
};

TEST_F(ModelCardsTest, TakeOverWhatEarlierPartsSaved) {
  ModelCards(run_, facts()).add("checkpoint-5", {}, {.step = 5});
  ModelCards resumed(run_, facts());
  EXPECT_EQ(resumed.notice(), "");
  resumed.add("final", {}, {.step = 9});
  EXPECT_EQ(load_card_file(run_ / "card.json").models.at("checkpoint-5").step, 5);
}

TEST_F(ModelCardsTest, BeginAnewWhereTheFileIsDamagedOrOlder) {
  for (const char* text : {"{\"facts\"", "{\"facts\": {}, \"models\": {}}"}) {
    write_file_atomically(run_ / "card.json", text);
    ModelCards cards(run_, facts());
    EXPECT_NE(cards.notice().find("card.json is damaged"), std::string::npos) << cards.notice();
    cards.add("checkpoint-5", {}, {.step = 5});
    EXPECT_EQ(load_card_file(run_ / "card.json").models.at("checkpoint-5").step, 5);
  }
}

}  // namespace
}  // namespace lambdaforge::experiments
