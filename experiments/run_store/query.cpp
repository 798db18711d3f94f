#include "experiments/run_store/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "base/numbers.h"
#include "base/suggestion.h"

namespace lambdaforge::experiments {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// "nothing has this name" is most often a slip.
void check_known(const std::vector<RunSummary>& runs, const std::string& name) {
  std::set<std::string> known(summary_fields().begin(), summary_fields().end());
  for (const RunSummary& run : runs) {
    for (const auto& [parameter, value] : run.parameters) known.insert(parameter);
    for (const auto& [metric, value] : run.metrics) known.insert(metric);
  }
  if (known.contains(name) || runs.empty()) return;
  const auto nearest = nearest_name(name, std::vector<std::string>(known.begin(), known.end()));
  throw std::invalid_argument(fmt::format(
      "no run has a parameter or metric '{}'; {}'lambdaforge runs show RUN' lists a run's", name,
      nearest ? fmt::format("did you mean '{}'? ", *nearest) : ""));
}

template <class T>
bool compare(const T& a, const std::string& comparison, const T& b) {
  if (comparison == "<") return a < b;
  if (comparison == "<=") return a <= b;
  if (comparison == ">") return a > b;
  if (comparison == ">=") return a >= b;
  return (comparison == "!=") == (a != b);
}

bool holds(const Condition& condition, const RunValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return false;
  const auto wanted = read_number<double>(condition.value);
  if (const auto* number = std::get_if<double>(&value)) {
    if (!wanted)
      throw std::invalid_argument(
          fmt::format("{} is a number, and '{}' is none", condition.name, condition.value));
    return compare(*number, condition.comparison, *wanted);
  }
  if (condition.comparison != "=" && condition.comparison != "!=")
    throw std::invalid_argument(fmt::format("{} is a text: compare it by = or !=, not by {}",
                                            condition.name, condition.comparison));
  return compare(std::get<std::string>(value), condition.comparison, condition.value);
}

}  // namespace

Condition parse_condition(const std::string& text) {
  constexpr std::array<std::string_view, 7> kComparisons = {"<=", ">=", "!=", "==", "<", ">", "="};
  const size_t place = text.find_first_of("<>=!");
  if (place != text.npos)
    for (const std::string_view comparison : kComparisons) {
      if (!std::string_view(text).substr(place).starts_with(comparison)) continue;
      const std::string_view name = trimmed(std::string_view(text).substr(0, place));
      const std::string_view value =
          trimmed(std::string_view(text).substr(place + comparison.size()));
      if (name.empty() || value.empty()) break;
      return {std::string(name), comparison == "==" ? "=" : std::string(comparison),
              std::string(unquoted(value))};
    }
  throw std::invalid_argument(
      fmt::format("'{}' is no condition; expected a name, one of < <= > >= = !=, and a value, such "
                  "as 'training.learning_rate < 3e-5'",
                  text));
}

void filter(std::vector<RunSummary>& runs, const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) check_known(runs, condition.name);
  std::erase_if(runs, [&](const RunSummary& run) {
    return !std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
      return holds(condition, value_of(run, condition.name));
    });
  });
}

void sort(std::vector<RunSummary>& runs, const std::string& order) {
  const bool is_reversed = order.starts_with("-");
  const std::string name = order.substr(is_reversed ? 1 : 0);
  check_known(runs, name);
  std::vector<std::pair<RunValue, RunSummary>> keyed;
  for (RunSummary& run : runs) {
    RunValue value = value_of(run, name);
    if (auto* number = std::get_if<double>(&value); number && name == "best")
      *number = greater_is_better(run) ? -*number : *number;
    if (const auto* number = std::get_if<double>(&value); number && *number != *number) value = {};
    keyed.emplace_back(std::move(value), std::move(run));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    const bool a_has = a.first.index() != 0, b_has = b.first.index() != 0;
    if (!a_has || !b_has) return a_has && !b_has;
    return is_reversed ? b.first < a.first : a.first < b.first;
  });
  runs.clear();
  for (auto& [value, run] : keyed) runs.push_back(std::move(run));
}

}  // namespace lambdaforge::experiments
