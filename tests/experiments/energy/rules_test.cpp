#include "experiments/energy/rules.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::experiments::energy {
namespace {

TEST(StopRule, ComparesTheFigureThatItNames) {
  const RunFigures figures{.kwh = 0.5, .emissions_kg = 0.2, .seconds = 100};
  EXPECT_FALSE(parse_stop_rule("kwh > 0.5").holds(figures));
  EXPECT_TRUE(parse_stop_rule("kwh >= 0.5").holds(figures));
  EXPECT_TRUE(parse_stop_rule("emissions_kg > 0.1").holds(figures));
  EXPECT_FALSE(parse_stop_rule("seconds > 3600").holds(figures));
}

TEST(StopRule, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"", "kwh", "kwh 0.5", "kwh < 0.5", "kwh > much", "kwh > 0.5 or so"})
    EXPECT_THROW(parse_stop_rule(text), std::invalid_argument) << text;
  try {
    parse_stop_rule("kw > 0.5");
    FAIL() << "kw is no figure";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'kwh'?"), std::string::npos)
        << error.what();
  }
}

TEST(Price, CountsTheFigureThatItNames) {
  const RunFigures figures{.kwh = 0.5, .emissions_kg = 0.2, .seconds = 100};
  EXPECT_DOUBLE_EQ(parse_price("3 * kwh").of(figures), 3 * 0.5);
  EXPECT_DOUBLE_EQ(parse_price("0.25 * seconds").of(figures), 0.25 * 100);
  for (const char* text : {"", "3", "3 kwh", "3 * ", "-3 * kwh", "3 * watts", "3 * kwh * kwh"})
    EXPECT_THROW(parse_price(text), std::invalid_argument) << text;
}

TEST(GainRule, AsksForAGainSinceTheEvaluationBefore) {
  GainRule rule(2);
  EXPECT_EQ(rule.too_little(0.10, 1.0), std::nullopt);  // nothing before it
  EXPECT_EQ(rule.too_little(0.40, 1.1), std::nullopt);  // 3 a kWh
  EXPECT_NEAR(rule.too_little(0.41, 1.2).value(), 0.1, 1e-9);
}

TEST(GainRule, NeedsEnergyToJudge) {
  GainRule rule(2);
  rule.too_little(0.1, 1);
  EXPECT_EQ(rule.too_little(0.3, 1), std::nullopt);
  EXPECT_EQ(rule.too_little(0.4, 1.1), std::nullopt);  // 0.3 for 0.1 kWh, not 0.1
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
