#include "experiments/energy/carbon_intensity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "base/suggestion.h"
#include "experiments/energy/data/data.h"

namespace lambdaforge::experiments::energy {
namespace {

struct Row {
  std::string code, country, region, aliases;
  double grams_per_kwh;
  std::string year;
};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t end; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1))
    parts.emplace_back(text.substr(0, end));
  parts.emplace_back(text);
  return parts;
}

std::vector<Row> read_rows() {
  std::vector<Row> rows;
  std::vector<std::string> lines = split(kCarbonIntensityCsv, '\n');
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto fields = split(lines[i], ',');
    if (fields.size() == 6)
      rows.push_back({fields[0], fields[1], fields[2], fields[3],
                      read_number<double>(fields[4]).value(), fields[5]});
  }
  return rows;
}

bool is_called(const Row& row, const std::string& region) {
  const std::string wanted = upper(region);
  if (upper(row.region) == wanted) return true;
  for (const std::string& alias : split(row.aliases, '|'))
    if (!alias.empty() && upper(alias) == wanted) return true;
  return false;
}

// "unknown country 'FRX'; did you mean 'FRA'?" A country's name and its two letters are no code.
[[noreturn]] void throw_unknown_country(const std::vector<Row>& rows, const std::string& code) {
  std::vector<std::string> codes;
  for (const Row& row : rows) {
    if (!row.region.empty()) continue;
    if (upper(row.country) == upper(code))
      throw std::invalid_argument(fmt::format("unknown country '{}'; did you mean '{}' ({})?", code,
                                              row.code, row.country));
    codes.push_back(row.code);
  }
  const auto nearest = nearest_name(upper(code), codes);
  throw std::invalid_argument(fmt::format(
      "unknown country '{}'{}; expected three letters of ISO 3166-1, such as FRA, USA or DEU", code,
      nearest ? fmt::format("; did you mean '{}'?", *nearest) : ""));
}

const Row& find_region(const std::vector<Row>& rows, const Row& country,
                       const std::string& region) {
  std::vector<std::string> known;
  for (const Row& row : rows) {
    if (row.code != country.code || row.region.empty()) continue;
    if (is_called(row, region)) return row;
    known.push_back(row.region);
  }
  if (known.empty())
    throw std::invalid_argument(
        fmt::format("there are no figures for regions of {}, such as '{}'; leave the region out or "
                    "give the carbon intensity itself",
                    country.country, region));
  throw std::invalid_argument(unknown_name_message("region of " + country.country, region, known));
}

}  // namespace

CarbonIntensity carbon_intensity(const std::string& country_iso_code, const std::string& region,
                                 std::optional<double> forced) {
  CarbonIntensity result;
  result.source = "the world's average: no country was given";
  if (country_iso_code.empty() && !region.empty())
    throw std::invalid_argument(
        fmt::format("the region '{}' needs its country's three letters beside it", region));
  if (!country_iso_code.empty()) {
    const std::vector<Row> rows = read_rows();
    const auto country = std::ranges::find_if(rows, [code = upper(country_iso_code)](auto& row) {
      return row.region.empty() && row.code == code;
    });
    if (country == rows.end()) throw_unknown_country(rows, country_iso_code);
    const Row& row = region.empty() ? *country : find_region(rows, *country, region);
    result = {row.grams_per_kwh, row.code, country->country, row.region, ""};
    result.source = fmt::format("{}{}, {}", row.country,
                                row.region.empty() ? "" : " (" + row.region + ")", row.year);
  }
  if (forced) {
    result.grams_per_kwh = *forced;
    result.source = "given";
  }
  return result;
}

}  // namespace lambdaforge::experiments::energy
