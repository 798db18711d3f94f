// The figures of a card: out of the log history's rows, as words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/event.h"
#include "experiments/report/model_card.h"

namespace lambdaforge::experiments {

struct Figure {
  double value = 0;
  std::optional<double> gain;  // over the first stage
};

// Of eval_<dataset>_<metric> in a row of the log history.
std::optional<Figure> find_figure(const Metrics& row, const std::string& dataset,
                                  const std::string& metric);

// "0.5964 (+0.0958)"
std::string figure_text(const Figure& figure);

// What was measured at the step of the card's weights, else at the last one before; empty: nothing.
Metrics evaluation_row(const CardProgress& progress);

// The log as a table: a row a step, the one of the card's weights bold; beside each evaluation the
// energy that the run had consumed by then. rows[0] is the head.
std::vector<std::vector<std::string>> log_rows(const CardFacts& facts,
                                               const CardProgress& progress);

}  // namespace lambdaforge::experiments
