// Which runs, in which order: "training.learning_rate < 3e-5", "-start".
#pragma once

#include <string>
#include <vector>

#include "experiments/run_store/summary.h"

namespace lambdaforge::experiments {

struct Condition {
  std::string name;
  std::string comparison;  // <  <=  >  >=  =  !=
  std::string value;       // without quotes
};

// Throws std::invalid_argument that shows what a condition looks like.
Condition parse_condition(const std::string& text);

// Keeps the runs for which every condition holds; one that lacks what a condition names is left
// out. Numbers compare as numbers, texts by = and != only. Throws std::invalid_argument with the
// nearest name when no run knows a name, and when a text is asked to be smaller or larger.
void filter(std::vector<RunSummary>& runs, const std::vector<Condition>& conditions);

// By a name of value_of, ascending; "-name" descending. "best" puts the best run first, whether
// its metric is to be high or low. Runs that lack it come last. Throws as filter.
void sort(std::vector<RunSummary>& runs, const std::string& order);

}  // namespace lambdaforge::experiments
