// What a metric's name says: Hugging Face's names put data set and figure into one word.
#pragma once

#include <string>
#include <string_view>

#include "experiments/event.h"

namespace lambdaforge::experiments {

struct MetricName {
  std::string data_set;  // "NanoNQ_R100"; empty: of the whole evaluation
  std::string metric;    // "ndcg@10"
  bool is_base = false;  // of the first stage, before reranking

  bool operator==(const MetricName&) const = default;
};

// "eval_NanoNQ_R100_base_ndcg@10" -> {"NanoNQ_R100", "ndcg@10", true}. Where no ranking metric ends
// the name, all of it is the metric: "eval_runtime" -> {"", "runtime"}. A leading "eval_" is left
// out.
MetricName parse_metric_name(std::string_view name);

// Higher figures of the metric that picks the best model are better ones, as the trainer has it: by
// training.greater_is_better where the recipe says it, else by the metric's name.
bool greater_is_better(const Parameters& parameters, std::string_view metric);

}  // namespace lambdaforge::experiments
