#include "base/metric_name.h"

#include <algorithm>
#include <array>

#include "base/numbers.h"

namespace lambdaforge {
namespace {

constexpr std::string_view kBase = "_base";
constexpr std::string_view kOwnUnderscore = "_ndcg_exp";  // the one metric that has one

// "map"; "ndcg@10", "rbp@0.8" and whatever else has a number behind an @.
bool is_ranking_metric(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOfWholeList = {"map",      "mrr", "ndcg",
                                                            "ndcg_exp", "err", "bpref"};
  if (std::ranges::find(kOfWholeList, name) != kOfWholeList.end()) return true;
  const size_t at = name.find('@');
  return at != 0 && at != name.npos && read_number<double>(name.substr(at + 1));
}

// The underscore before the metric.
size_t last_underscore(std::string_view name) {
  const size_t last = name.rfind('_');
  const size_t own = name.rfind(kOwnUnderscore);
  return own != name.npos && own + kOwnUnderscore.rfind('_') == last ? own : last;
}

}  // namespace

MetricName split_metric_name(std::string_view name) {
  const size_t underscore = last_underscore(name);
  if (underscore == name.npos || !is_ranking_metric(name.substr(underscore + 1)))
    return {"", std::string(name), false};
  std::string_view data_set = name.substr(0, underscore);
  const bool is_base = data_set.size() > kBase.size() && data_set.ends_with(kBase);
  if (is_base) data_set.remove_suffix(kBase.size());
  return {std::string(data_set), std::string(name.substr(underscore + 1)), is_base};
}

MetricName split_metric_name(std::string_view name,
                             const std::function<bool(const std::string&)>& is_reported) {
  MetricName parts = split_metric_name(name);
  if (!parts.is_base || is_reported(parts.data_set + '_' + parts.metric)) return parts;
  return {parts.data_set.append(kBase), parts.metric, false};
}

}  // namespace lambdaforge
