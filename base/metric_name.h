// What a figure's name says: data set and metric stand in one word.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace lambdaforge {

struct MetricName {
  std::string data_set;  // "NanoNQ_R100"; empty: the name tells of none
  std::string metric;    // "ndcg@10"
  bool is_base = false;  // of the first stage, before reranking

  bool operator==(const MetricName&) const = default;
};

// "NanoNQ_R100_base_ndcg@10" -> {"NanoNQ_R100", "ndcg@10", true}. Where no ranking metric ends the
// name, all of it is the metric: "runtime" -> {"", "runtime"}.
MetricName split_metric_name(std::string_view name);

// The same beside the other names of an evaluation, which tell a first stage from a data set that
// is called so: a first stage is reported beside what became of it, and "x_base_map" without an
// "x_map" is {"x_base", "map"}.
MetricName split_metric_name(std::string_view name,
                             const std::function<bool(const std::string&)>& is_reported);

}  // namespace lambdaforge
