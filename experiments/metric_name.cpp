#include "experiments/metric_name.h"

#include <algorithm>

namespace lambdaforge::experiments {
namespace {

std::string_view eval_of(std::string_view name) {
  constexpr std::string_view kEvaluation = "eval_";
  return name.starts_with(kEvaluation) ? kEvaluation : "";
}

}  // namespace

MetricName parse_metric_name(std::string_view name) {
  return split_metric_name(name.substr(eval_of(name).size()));
}

MetricName parse_metric_name(std::string_view name, const Metrics& reported) {
  const std::string_view eval = eval_of(name);
  return split_metric_name(name.substr(eval.size()), [&](const std::string& other) {
    return std::ranges::find(reported, std::string(eval) + other, &Metrics::value_type::first) !=
           reported.end();
  });
}

bool greater_is_better(std::string_view metric) {
  return !metric.ends_with("loss");
}

bool greater_is_better(const Parameters& parameters, std::string_view metric) {
  for (const auto& [name, value] : parameters)
    if (const auto* is_greater = std::get_if<bool>(&value);
        is_greater && name == "training.greater_is_better")
      return *is_greater;
  return greater_is_better(metric);
}

}  // namespace lambdaforge::experiments
