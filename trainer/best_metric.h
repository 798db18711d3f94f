// What chooses the best model: a figure of the evaluations, or one net of the energy that it took.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/energy/rules.h"
#include "experiments/event.h"
#include "trainer/config.h"

namespace lambdaforge::trainer {

// training.metric_for_best_model names a figure, "words_ndcg@10", or a figure less a price:
// "words_ndcg@10 - 0.5 * kwh", "loss + 0.5 * kwh" (also emissions_kg and seconds).
//
// Why a price: consumption only grows, so by least energy, or most quality by kWh, the first
// evaluation would win nearly always. Less what its energy is worth to the user, quality has a best
// point: where the next kWh gains less than its price. min_gain_per_kwh looks at the same figure,
// and asks for its gain on top of the price.
struct BestMetric {
  std::string name;  // "eval_words_ndcg@10"; net of a price "eval_net_words_ndcg@10"
  bool greater_is_better = true;
  std::string quality;  // the figure without its price
  std::optional<experiments::energy::Price> price;

  // Adds `name` to an evaluation's figures when it is net of a price.
  void add_net(experiments::Metrics& metrics, const experiments::energy::RunFigures& run) const;
};

// `by_itself`: the figure when the recipe names none; `known`: every figure of an evaluation.
// Throws std::invalid_argument for a figure that is not known, or a price that cannot be.
BestMetric choose_best_metric(const Config& config, const std::string& by_itself,
                              const std::vector<std::string>& known);

}  // namespace lambdaforge::trainer
