#include "experiments/energy/carbon_intensity.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::experiments::energy {
namespace {

std::string complaint(const std::string& country, const std::string& region = "") {
  try {
    carbon_intensity(country, region, std::nullopt);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing is wrong";
}

TEST(CarbonIntensity, IsTheCountrys) {
  EXPECT_EQ(carbon_intensity("FRA", "", {}).grams_per_kwh, 56.039);
  EXPECT_EQ(carbon_intensity("usa", "", {}).grams_per_kwh, 369.473);
  EXPECT_EQ(carbon_intensity("DEU", "", {}).source, "Germany, 2023");
}

TEST(CarbonIntensity, IsTheRegionsUnderEachOfItsNames) {
  // EPA eGRID2023: 394.769 lb/MWh.
  const double california = 394.769 * 0.45359237;
  EXPECT_NEAR(carbon_intensity("USA", "California", {}).grams_per_kwh, california, 1e-5);
  EXPECT_NEAR(carbon_intensity("USA", "CA", {}).grams_per_kwh, california, 1e-5);
  EXPECT_EQ(carbon_intensity("SWE", "SE3", {}).grams_per_kwh, 27.0);
  EXPECT_EQ(carbon_intensity("CHN", "Inner Mongolia", {}).grams_per_kwh, 647.9);
  EXPECT_NEAR(carbon_intensity("CAN", "saskatchewan", {}).grams_per_kwh,
              10 * (27.9 * 0.995725971 + 50.7 * 0.7438415916), 1e-3);
}

TEST(CarbonIntensity, IsTheWorldsWithoutACountryAndSaysSo) {
  const CarbonIntensity world = carbon_intensity("", "", {});
  EXPECT_EQ(world.grams_per_kwh, 475);
  EXPECT_EQ(world.source, "the world's average: no country was given");
}

TEST(CarbonIntensity, IsWhatWasGiven) {
  const CarbonIntensity given = carbon_intensity("FRA", "", 12.5);
  EXPECT_EQ(given.grams_per_kwh, 12.5);
  EXPECT_EQ(given.country, "France");
  EXPECT_EQ(given.source, "given");
}

TEST(CarbonIntensity, OfAnUnknownPlaceIsAnErrorWithASuggestion) {
  EXPECT_NE(complaint("FRX").find("did you mean 'FRA'?"), std::string::npos) << complaint("FRX");
  EXPECT_NE(complaint("France").find("'FRA' (France)"), std::string::npos) << complaint("France");
  EXPECT_NE(complaint("USA", "Californa").find("did you mean 'california'?"), std::string::npos)
      << complaint("USA", "Californa");
  EXPECT_NE(complaint("FRA", "Brittany").find("no figures for regions of France"),
            std::string::npos);
  EXPECT_NE(complaint("", "Texas").find("needs its country"), std::string::npos);
}

}  // namespace
}  // namespace lambdaforge::experiments::energy
