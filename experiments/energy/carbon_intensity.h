// How much CO2 a kilowatt-hour stands for, by country and region. Nothing is looked up on the net
// and no place is guessed.
#pragma once

#include <optional>
#include <string>

namespace lambdaforge::experiments::energy {

struct CarbonIntensity {
  double grams_per_kwh = 475;
  std::string country_iso_code;  // "" when none was given
  std::string country;           // "France"
  std::string region;            // "" when none was given
  std::string source;            // "France, 2023", "the world's average: no country was given"
};

// `country_iso_code`: three letters of ISO 3166-1 ("FRA"), any case; "": the world's average, 475
// g/kWh (IEA 2019). `region` (any case): a state of the USA or its two letters, a province of
// Canada or China, a bidding zone of Sweden, Norway or Finland; "": the country. `forced` [g/kWh]
// is taken as it is. Figures: data/carbon_intensity.csv. Throws std::invalid_argument with
// suggestions for what is not known.
CarbonIntensity carbon_intensity(const std::string& country_iso_code, const std::string& region,
                                 std::optional<double> forced);

}  // namespace lambdaforge::experiments::energy
