#include "experiments/report/card_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/report/markdown.h"

namespace lambdaforge::experiments {
namespace {

std::optional<double> find(const Metrics& row, const std::string& name) {
  const auto found = std::ranges::find(row, name, [](const auto& entry) { return entry.first; });
  return found == row.end() ? std::nullopt : std::optional(found->second);
}

bool is_evaluation(const Metrics& row) {
  return std::ranges::any_of(row,
                             [](const auto& entry) { return entry.first.starts_with("eval_"); });
}

struct PrimaryMetric {
  std::string dataset, metric;
};

std::vector<PrimaryMetric> primary_metrics(const CardFacts& facts) {
  std::vector<PrimaryMetric> all;
  for (const CardEvaluator& evaluator : facts.evaluators)
    for (const std::string& dataset : evaluator.datasets)
      all.push_back({dataset, evaluator.primary_metric});
  return all;
}

// The rows of one step together: its loss, its evaluation.
std::map<int64_t, Metrics> rows_by_step(const TrainerState& state) {
  std::map<int64_t, Metrics> steps;
  for (const Metrics& row : state.log_history) {
    const auto step = find(row, "step");
    if (!step || find(row, "train_runtime")) continue;
    Metrics& merged = steps[static_cast<int64_t>(*step)];
    merged.insert(merged.end(), row.begin(), row.end());
  }
  return steps;
}

std::string number_or_dash(std::optional<double> number) {
  return number ? fmt::format("{:.4f}", *number) : "-";
}

}  // namespace

std::optional<Figure> find_figure(const Metrics& row, const std::string& dataset,
                                  const std::string& metric) {
  const auto value = find(row, fmt::format("eval_{}_{}", dataset, metric));
  if (!value) return std::nullopt;
  const auto base = find(row, fmt::format("eval_{}_base_{}", dataset, metric));
  return Figure{*value, base ? std::optional(*value - *base) : std::nullopt};
}

std::string figure_text(const Figure& figure) {
  return figure.gain ? fmt::format("{:.4f} ({:+.4f})", figure.value, *figure.gain)
                     : fmt::format("{:.4f}", figure.value);
}

Metrics evaluation_row(const CardProgress& progress) {
  Metrics latest;
  for (const auto& [step, row] : rows_by_step(progress.state))
    if (step <= progress.model.step && is_evaluation(row)) latest = row;
  return latest;
}

std::vector<std::vector<std::string>> log_rows(const CardFacts& facts,
                                               const CardProgress& progress) {
  const std::vector<PrimaryMetric> primary = primary_metrics(facts);
  const auto steps = rows_by_step(progress.state);
  const auto is_known = [&](const char* name) {
    return std::ranges::any_of(
        steps, [&](const auto& step) { return find(step.second, name).has_value(); });
  };
  const bool has_validation_loss = is_known("eval_loss"), has_energy = is_known("eval_energy_kwh");
  std::vector<std::vector<std::string>> rows = {{"Epoch", "Step", "Training Loss"}};
  if (has_validation_loss) rows.front().push_back("Validation Loss");
  for (const PrimaryMetric& each : primary)
    rows.front().push_back(escape_markdown(each.dataset + "_" + each.metric));
  if (has_energy) rows.front().push_back("kWh");
  for (const auto& [step, row] : steps) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells = {number_or_dash(find(row, "epoch")), fmt::format("{}", step),
             number_or_dash(find(row, "loss"))};
    if (has_validation_loss) cells.push_back(number_or_dash(find(row, "eval_loss")));
    for (const PrimaryMetric& each : primary) {
      const auto figure = find_figure(row, each.dataset, each.metric);
      cells.push_back(figure ? figure_text(*figure) : "-");
    }
    if (has_energy) {
      const auto kwh = find(row, "eval_energy_kwh");
      cells.push_back(kwh ? fmt::format("{:.4g}", *kwh) : "-");
    }
    if (step == progress.model.step)
      for (std::string& cell : cells) cell = fmt::format("**{}**", cell);
  }
  return rows;
}

}  // namespace lambdaforge::experiments
