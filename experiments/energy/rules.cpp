#include "experiments/energy/rules.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/numbers.h"
#include "base/suggestion.h"

namespace lambdaforge::experiments::energy {
namespace {

using Figure = double RunFigures::*;

const std::array<std::pair<const char*, Figure>, 3> kFigures = {
    {{"kwh", &RunFigures::kwh},
     {"emissions_kg", &RunFigures::emissions_kg},
     {"seconds", &RunFigures::seconds}}};

Figure find_figure(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [figure_name, figure] : kFigures) {
    if (name == figure_name) return figure;
    known.emplace_back(figure_name);
  }
  throw std::invalid_argument(unknown_name_message("figure", name, known));
}

}  // namespace

StopRule parse_stop_rule(const std::string& text) {
  std::istringstream words(text);
  std::string name, comparison, number, more;
  words >> name >> comparison >> number;
  const auto limit = read_number<double>(number);
  if ((comparison != ">" && comparison != ">=") || !limit || words >> more)
    throw std::invalid_argument(
        fmt::format("got '{}'; expected a figure, > or >=, and a number: \"kwh > 0.5\"", text));
  return {find_figure(name), comparison == ">=", *limit, text};
}

Price parse_price(const std::string& text) {
  std::istringstream words(text);
  std::string number, times, name, more;
  words >> number >> times >> name;
  const auto a_unit = read_number<double>(number);
  if (times != "*" || !a_unit || !(*a_unit > 0 && std::isfinite(*a_unit)) || words >> more)
    throw std::invalid_argument(fmt::format(
        "got the price '{}'; expected a number above 0, *, and a figure: \"0.5 * kwh\"", text));
  return {find_figure(name), *a_unit};
}

std::optional<double> GainRule::too_little(double best, double kwh) {
  if (last_ && kwh <= last_->kwh) return std::nullopt;
  const auto before = std::exchange(last_, Point{best, kwh});
  if (!before) return std::nullopt;
  const double gain = (best - before->best) / (kwh - before->kwh);
  return gain < least_ ? std::optional(gain) : std::nullopt;
}

}  // namespace lambdaforge::experiments::energy
