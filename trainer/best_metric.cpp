#include "trainer/best_metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "base/suggestion.h"
#include "experiments/metric_name.h"

namespace lambdaforge::trainer {
namespace {

using experiments::energy::parse_price;

constexpr const char* kKey = "training.metric_for_best_model";
constexpr std::string_view kPrefix = "eval_";

// "words_ndcg@10 - 0.5 * kwh" -> "words_ndcg@10", "-", "0.5 * kwh"; the latter two may be empty.
struct Parts {
  std::string figure, sign, price;
};

Parts split(const std::string& text) {
  std::istringstream words(text);
  Parts parts;
  words >> parts.figure >> parts.sign >> std::ws;
  std::getline(words, parts.price);
  return parts;
}

// "words_ndcg@10 - 0.5 * kwh"
std::string example_of(std::string_view figure, bool greater_is_better) {
  if (figure.starts_with(kPrefix)) figure.remove_prefix(kPrefix.size());
  return fmt::format("\"{} {} 0.5 * kwh\"", figure, greater_is_better ? '-' : '+');
}

void check_figure(const std::string& figure, const std::string& by_itself,
                  const std::vector<std::string>& known) {
  if (figure == "eval_energy_kwh")
    throw std::invalid_argument(
        fmt::format("{}: energy only grows, so the first evaluation would be the best; name a "
                    "figure with a price: {}",
                    kKey, example_of(by_itself, experiments::greater_is_better(by_itself))));
  if (std::ranges::find(known, figure) == known.end())
    throw std::invalid_argument(unknown_name_message(kKey, figure, known));
}

void check_price(const Config& config, const Parts& parts, bool greater_is_better) {
  if (parts.sign != (greater_is_better ? "-" : "+"))
    throw std::invalid_argument(
        fmt::format("{}: got '{}' behind {}; consumption must count against it: {}", kKey,
                    parts.sign, parts.figure, example_of(parts.figure, greater_is_better)));
  if (!config.tracking.energy)
    throw std::invalid_argument(
        fmt::format("{}: a price needs the run's energy; set tracking.energy to true", kKey));
}

}  // namespace

void BestMetric::add_net(experiments::Metrics& metrics,
                         const experiments::energy::RunFigures& run) const {
  if (!price) return;
  const auto found = std::ranges::find(metrics, quality, &experiments::Metrics::value_type::first);
  if (found == metrics.end()) return;
  const double cost = price->of(run);
  metrics.emplace_back(name, greater_is_better ? found->second - cost : found->second + cost);
}

BestMetric choose_best_metric(const Config& config, const std::string& by_itself,
                              const std::vector<std::string>& known) {
  const TrainingConfig& training = config.training;
  const Parts parts = split(training.metric_for_best_model);
  BestMetric best;
  best.quality = parts.figure.empty()                ? by_itself
                 : parts.figure.starts_with(kPrefix) ? parts.figure
                                                     : fmt::format("{}{}", kPrefix, parts.figure);
  if (!parts.figure.empty() && training.eval_strategy != "no")
    check_figure(best.quality, by_itself, known);
  best.greater_is_better =
      training.greater_is_better.value_or(experiments::greater_is_better(best.quality));
  best.name = best.quality;
  if (parts.sign.empty()) return best;
  check_price(config, parts, best.greater_is_better);
  try {
    best.price = parse_price(parts.price);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", kKey, error.what()));
  }
  best.name = fmt::format("{}net_{}", kPrefix, best.quality.substr(kPrefix.size()));
  return best;
}

}  // namespace lambdaforge::trainer
