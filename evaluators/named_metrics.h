// Metrics by the names that users write: "map", "ndcg@10", "rbp@0.8".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/ranking.h"

namespace lambdaforge::evaluators {

struct Metric {
  std::string name;  // "ndcg@10"
  // nullopt where the metric is undefined (evaluators/metrics.h).
  std::function<std::optional<double>(const Ranking&)> value;
};

// map, bpref                             of the whole list
// mrr, ndcg, ndcg_exp, err               of the whole list, or "mrr@10" of the first 10 documents
// precision, recall, success, judged     of the first k: "recall@100"
// rbp                                    with a persistence: "rbp@0.8"
// ndcg has linear gains, ndcg_exp exponential ones.
// Throws std::invalid_argument on an unknown name (with the nearest and the known ones) and on a
// parameter that is missing, impossible or one too many.
Metric parse_metric(std::string_view name);

// One metric a name, in their order; a name that is repeated counts once.
std::vector<Metric> parse_metrics(const std::vector<std::string>& names);

}  // namespace lambdaforge::evaluators
