// Metrics for the eye: aligned, and evaluators' figures as one row a data set.
#pragma once

#include <string>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// Names that end in a ranking metric (map, mrr@k, ndcg@k) become a table, with the gain over the
// first stage where its `base_` figure is there too; the other names follow, one a line:
//
//                                map           ndcg@10
//     NanoNQ_R100             0.5071 (+0.0875)  0.5964 (+0.0958)
//     eval_loss               1.1249
//
// Lines are indented by two spaces and end in a newline.
std::string metrics_table(const Metrics& metrics);

}  // namespace lambdaforge::experiments
