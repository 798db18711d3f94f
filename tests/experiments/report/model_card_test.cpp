#include "experiments/report/model_card.h"

#include <gtest/gtest.h>

#include "experiments/report/citations.h"

namespace lambdaforge::experiments {
namespace {

CardFacts facts() {
  CardFacts facts;
  facts.base_model = "MiniLM";
  facts.max_length = 512;
  facts.architecture = "CrossEncoder()";
  facts.training = {"words", "", 167227, 100, {{"query", "string", {"min: 5 tokens"}}}, {}};
  facts.training.samples = {{{.elements = {"<script>alert(1)</script> | `x`"}}}};
  facts.loss = "LambdaLoss";
  facts.loss_options = "{\n    \"k\": null\n}";
  facts.evaluators = {{"CrossEncoderRerankingEvaluator",
                       "Cross Encoder Reranking",
                       {"NanoNQ_R100", "NanoMSMARCO_R100"},
                       {"map", "ndcg@10"},
                       "ndcg@10",
                       "{}"}};
  facts.hyperparameters = {{"learning_rate", "2e-05", false}, {"seed", "42", true}};
  facts.versions = {{"libtorch", "2.11.0"}};
  facts.cpu_model = "AMD EPYC";
  facts.memory_gigabytes = 23.5;
  facts.usage_pairs = {"what's that", "it is \"this\""};
  return facts;
}

CardProgress progress() {
  CardProgress progress;
  progress.state.log_history = {{{"epoch", 0.5}, {"loss", 1.25}, {"step", 10}},
                                {{"epoch", 0.5},
                                 {"eval_NanoNQ_R100_ndcg@10", 0.5},
                                 {"eval_NanoNQ_R100_base_ndcg@10", 0.4},
                                 {"eval_NanoMSMARCO_R100_ndcg@10", 0.625},
                                 {"eval_NanoNQ_R100_map", 0.3},
                                 {"step", 10}},
                                {{"epoch", 1}, {"loss", 1.125}, {"step", 20}},
                                {{"epoch", 1}, {"eval_NanoNQ_R100_ndcg@10", 0.45}, {"step", 20}},
                                {{"epoch", 1}, {"train_runtime", 61}, {"step", 20}}};
  progress.model.step = 10;
  progress.model.training_seconds = 90;
  progress.model.evaluation_seconds = 30;
  return progress;
}

bool has(const std::string& card, const std::string& text) {
  return card.find(text) != std::string::npos;
}

TEST(ModelCard, ShowsTheFiguresOfItsOwnStep) {
  const std::string card = model_card(facts(), progress());
  EXPECT_TRUE(has(card, "| **ndcg@10** | **0.5000 (+0.1000)** | **0.6250**"));
  EXPECT_TRUE(has(card, "      value: 0.625\n"));
  EXPECT_FALSE(has(card, "      value: 0.45\n"));
  CardProgress later = progress();
  later.model.step = 20;
  EXPECT_TRUE(has(model_card(facts(), later), "      value: 0.45\n"));
}

TEST(ModelCard, LogsAStepInARowAndTheSavedOneInBold) {
  const std::string card = model_card(facts(), progress());
  EXPECT_TRUE(has(card, "| **0.5000** | **10** |  **1.2500**   |"));
  EXPECT_TRUE(has(card, "|   1.0000   |   20   |    1.1250     |"));
  EXPECT_FALSE(has(card, "61.0000"));  // the end is no step
}

TEST(ModelCard, LogsFiguresAgainstTheEnergyThatTheyCost) {
  CardProgress measured = progress();
  measured.state.log_history[1].emplace_back("eval_energy_kwh", 0.01234567);
  const std::string card = model_card(facts(), measured);
  EXPECT_TRUE(has(card, "|     kWh     |"));
  EXPECT_TRUE(has(card, "| **0.01235** |"));
  EXPECT_FALSE(has(model_card(facts(), progress()), "kWh"));
}

TEST(ModelCard, FoldsALongLog) {
  CardProgress long_run = progress();
  for (int step = 30; step < 1100; step += 10)
    long_run.state.log_history.push_back({{"epoch", 2}, {"loss", 1}, {"step", double(step)}});
  EXPECT_TRUE(has(model_card(facts(), long_run),
                  "### Training Logs\n<details><summary>Click to expand</summary>"));
  EXPECT_FALSE(has(model_card(facts(), progress()), "### Training Logs\n<details>"));
}

TEST(ModelCard, TakesThePowerFromUsersTexts) {
  const std::string card = model_card(facts(), progress());
  EXPECT_FALSE(has(card, "<script>"));
  EXPECT_TRUE(has(card, "&#60;script&#62;"));
  EXPECT_TRUE(has(card, "[\"what's that\", 'it is \"this\"']"));
}

TEST(ModelCard, QuotesWhatYamlWouldReadOtherwise) {
  CardFacts odd = facts();
  odd.model_name = "a: b # c\n- d";
  odd.license = "no";
  const std::string card = model_card(odd, progress());
  EXPECT_TRUE(has(card, "- name: \"a: b # c\\n- d\"\n"));
  EXPECT_TRUE(has(card, "license: \"no\"\n"));
}

TEST(ModelCard, TellsEnergyOnlyWhenItWasMeasured) {
  CardProgress measured = progress();
  EXPECT_FALSE(has(model_card(facts(), measured), "Environmental Impact"));
  measured.model.energy = {0.209, 0.0815};
  const std::string card = model_card(facts(), measured);
  EXPECT_TRUE(
      has(card, "- **Energy Consumed**: 0.209 kWh\n- **Carbon Emitted**: 0.082 kg of CO2\n"));
  EXPECT_TRUE(has(card, "  emissions: 81.5\n"));  // grams
}

TEST(ModelCard, SaysNothingOfEvaluationsThatWereNotMade) {
  CardProgress fresh;
  const std::string card = model_card(facts(), fresh);
  EXPECT_FALSE(has(card, "## Evaluation\n"));
  EXPECT_FALSE(has(card, "model-index"));
  EXPECT_TRUE(has(card, "* Size: 167,227 training samples\n"));
}

TEST(Citations, AreThereForLossesWithAPaper) {
  EXPECT_TRUE(has(std::string(loss_citation("LambdaLoss")), "LambdaLoss Framework"));
  EXPECT_EQ(loss_citation("MSELoss"), "");
}

TEST(CardFile, ReadsBackWhatWasSaved) {
  const auto path = std::filesystem::path(testing::TempDir()) / "card.json";
  CardFile file{facts(), {{"final", progress().model}}};
  file.facts.evaluation = file.facts.training;
  file.models["final"].energy = {1, 2};
  save_card_file(path, file);
  const CardFile read = load_card_file(path);
  EXPECT_EQ(model_card(read.facts, {progress().state, read.models.at("final")}),
            model_card(file.facts, {progress().state, file.models.at("final")}));
}

}  // namespace
}  // namespace lambdaforge::experiments
