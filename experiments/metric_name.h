// What the name of a run's figure says: Hugging Face puts "eval_" before it.
#pragma once

#include <string_view>

#include "base/metric_name.h"
#include "experiments/event.h"

namespace lambdaforge::experiments {

// "eval_NanoNQ_R100_base_ndcg@10" -> {"NanoNQ_R100", "ndcg@10", true}; "eval_runtime" -> {"",
// "runtime"}; a name without "eval_" likewise. Alone, and beside all that are reported with it.
MetricName parse_metric_name(std::string_view name);
MetricName parse_metric_name(std::string_view name, const Metrics& reported);

// Whether higher figures are better ones, by the metric's name: transformers' rule.
bool greater_is_better(std::string_view metric);

// The same of the metric that picks a run's best model: training.greater_is_better goes first,
// where the recipe says it.
bool greater_is_better(const Parameters& parameters, std::string_view metric);

}  // namespace lambdaforge::experiments
