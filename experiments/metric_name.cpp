#include "experiments/metric_name.h"

#include <algorithm>
#include <array>

#include "base/numbers.h"

namespace lambdaforge::experiments {
namespace {

constexpr std::string_view kEvaluation = "eval_";
constexpr std::string_view kBase = "base_";

// "map"; "ndcg@10", "rbp@0.8" and whatever else has a number behind an @.
bool is_ranking_metric(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOfWholeList = {"map",      "mrr", "ndcg",
                                                            "ndcg_exp", "err", "bpref"};
  if (std::ranges::find(kOfWholeList, name) != kOfWholeList.end()) return true;
  const size_t at = name.find('@');
  return at != 0 && at != name.npos && read_number<double>(name.substr(at + 1));
}

}  // namespace

MetricName parse_metric_name(std::string_view name) {
  if (name.starts_with(kEvaluation)) name.remove_prefix(kEvaluation.size());
  size_t underscore = name.rfind("_ndcg_exp");  // the one metric with an underscore of its own
  if (underscore == std::string_view::npos) underscore = name.rfind('_');
  if (underscore == std::string_view::npos || !is_ranking_metric(name.substr(underscore + 1)))
    return {"", std::string(name), false};
  MetricName result{std::string(name.substr(0, underscore + 1)),
                    std::string(name.substr(underscore + 1)), false};
  if (result.data_set.size() > kBase.size() && result.data_set.ends_with(kBase)) {
    result.is_base = true;
    result.data_set.resize(result.data_set.size() - kBase.size());
  }
  result.data_set.pop_back();  // the underscore
  return result;
}

bool greater_is_better(const Parameters& parameters, std::string_view metric) {
  for (const auto& [name, value] : parameters)
    if (const auto* is_greater = std::get_if<bool>(&value);
        is_greater && name == "training.greater_is_better")
      return *is_greater;
  return !metric.ends_with("loss");
}

}  // namespace lambdaforge::experiments
