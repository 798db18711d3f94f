#include "evaluators/paired_runs.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "base/metric_name.h"
#include "base/suggestion.h"

namespace lambdaforge::evaluators {
namespace {

using QueryValues = PerQueryValues::mapped_type;

// The metrics of a run without their data sets, for a message.
std::vector<std::string> metrics_of(const EvaluatedRun& run) {
  std::set<std::string> metrics;
  for (const auto& [name, values] : run.per_query) {
    const MetricName parts = split_metric_name(name);
    metrics.insert(parts.data_set.empty() ? name.substr(name.rfind('_') + 1) : parts.metric);
  }
  return {metrics.begin(), metrics.end()};
}

// The data set of a name of `metric`; nullopt: it is another metric's, or the first stage's.
std::optional<std::string> data_set_of(const std::string& name, const std::string& metric,
                                       const PerQueryValues& reported) {
  const MetricName parts =
      split_metric_name(name, [&](const std::string& other) { return reported.contains(other); });
  if (!parts.data_set.empty())
    return parts.metric == metric && !parts.is_base ? std::optional(parts.data_set) : std::nullopt;
  const std::string ending = "_" + metric;  // of somebody's own figure, whose name does not split
  return name.ends_with(ending) ? std::optional(name.substr(0, name.size() - ending.size()))
                                : std::nullopt;
}

// Data set -> values of the metric.
std::map<std::string, const QueryValues*> data_sets_of(const EvaluatedRun& run,
                                                       const std::string& metric) {
  std::map<std::string, const QueryValues*> data_sets;
  for (const auto& [name, values] : run.per_query)
    if (const auto data_set = data_set_of(name, metric, run.per_query))
      data_sets.emplace(*data_set, &values);
  if (data_sets.empty())
    throw std::invalid_argument(
        fmt::format("{}: {}", run.source, unknown_name_message("metric", metric, metrics_of(run))));
  return data_sets;
}

std::unordered_map<std::string_view, double> by_query(const QueryValues& values) {
  return {values.begin(), values.end()};
}

// Complains about the keys of `a` that `b` lacks.
template <class Keyed, class Other>
void check_shared(const std::string& kind, const Keyed& a, const std::string& source_a,
                  const Other& b, const std::string& source_b) {
  size_t missing = 0;
  std::string first;
  for (const auto& [key, value] : a)
    if (!b.contains(key) && missing++ == 0) first = key;
  if (missing > 0)
    throw std::invalid_argument(
        fmt::format("{} of {} {} of {} are not in {}, the first is '{}'; both runs must be "
                    "evaluated on the same ones",
                    missing, a.size(), kind, source_a, source_b, first));
}

}  // namespace

std::vector<PairedValues> pair_runs(const EvaluatedRun& a, const EvaluatedRun& b,
                                    const std::string& metric) {
  const auto sets_a = data_sets_of(a, metric);
  const auto sets_b = data_sets_of(b, metric);
  check_shared("data sets", sets_a, a.source, sets_b, b.source);
  check_shared("data sets", sets_b, b.source, sets_a, a.source);
  std::vector<PairedValues> pairs;
  for (const auto& [data_set, values_a] : sets_a) {
    const QueryValues& values_b = *sets_b.at(data_set);
    const auto found_in_b = by_query(values_b);
    check_shared(data_set + " queries", *values_a, a.source, found_in_b, b.source);
    check_shared(data_set + " queries", values_b, b.source, by_query(*values_a), a.source);
    PairedValues pair{data_set, {}, {}};
    for (const auto& [query, value] : *values_a) {
      pair.a.push_back(value);
      pair.b.push_back(found_in_b.at(query));
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace lambdaforge::evaluators
