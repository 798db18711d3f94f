#include "trainer/best_metric.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::trainer {
namespace {

const std::vector<std::string> kKnown = {"eval_loss", "eval_words_ndcg@10"};

BestMetric choose(const std::string& text) {
  Config config;
  config.training.metric_for_best_model = text;
  config.training.eval_strategy = "steps";
  return choose_best_metric(config, "eval_words_ndcg@10", kKnown);
}

std::string complaint_of(const std::string& text) {
  try {
    choose(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(BestMetric, IsTheFigureThatIsNamed) {
  EXPECT_EQ(choose("").name, "eval_words_ndcg@10");
  EXPECT_TRUE(choose("words_ndcg@10").greater_is_better);
  EXPECT_EQ(choose("loss").name, "eval_loss");
  EXPECT_FALSE(choose("eval_loss").greater_is_better);
}

TEST(BestMetric, IsNetOfItsPrice) {
  const experiments::energy::RunFigures run{.kwh = 0.25, .emissions_kg = 0.125, .seconds = 60};
  experiments::Metrics metrics = {{"eval_loss", 2}, {"eval_words_ndcg@10", 0.75}};
  const BestMetric ndcg = choose("words_ndcg@10 - 0.5 * kwh");
  EXPECT_TRUE(ndcg.greater_is_better);
  ndcg.add_net(metrics, run);
  EXPECT_EQ(metrics.back(),
            (std::pair<std::string, double>("eval_net_words_ndcg@10", 0.75 - 0.5 * 0.25)));
  const BestMetric loss = choose("eval_loss + 4 * emissions_kg");
  EXPECT_FALSE(loss.greater_is_better);
  loss.add_net(metrics, run);
  EXPECT_EQ(metrics.back(), (std::pair<std::string, double>("eval_net_loss", 2 + 4 * 0.125)));
}

TEST(BestMetric, WithoutAPriceNothingIsAdded) {
  experiments::Metrics metrics = {{"eval_loss", 2}};
  choose("loss").add_net(metrics, {.kwh = 1});
  EXPECT_EQ(metrics.size(), 1U);
}

TEST(BestMetric, SaysWhatCannotChooseAModel) {
  EXPECT_NE(complaint_of("word_ndcg@10").find("did you mean 'eval_words_ndcg@10'?"),
            std::string::npos);
  EXPECT_NE(complaint_of("energy_kwh").find("words_ndcg@10 - 0.5 * kwh"), std::string::npos);
  EXPECT_NE(complaint_of("loss - 0.5 * kwh").find("\"loss + 0.5 * kwh\""), std::string::npos);
  EXPECT_NE(complaint_of("words_ndcg@10 + 0.5 * kwh").find("\"words_ndcg@10 - 0.5 * kwh\""),
            std::string::npos);
  EXPECT_NE(complaint_of("loss + 0.5 * kw").find("did you mean 'kwh'?"), std::string::npos);
  for (const char* price : {"", "0.5", "kwh", "-1 * kwh", "0 * kwh", "inf * kwh", "1 * kwh more"})
    EXPECT_NE(complaint_of(std::string("loss + ") + price).find("\"0.5 * kwh\""), std::string::npos)
        << price;
}

TEST(BestMetric, APriceNeedsEnergy) {
  Config config;
  config.training.metric_for_best_model = "loss + 1 * kwh";
  config.training.eval_strategy = "steps";
  config.tracking.energy = false;
  EXPECT_THROW(choose_best_metric(config, "eval_loss", kKnown), std::invalid_argument);
}

}  // namespace
}  // namespace lambdaforge::trainer
