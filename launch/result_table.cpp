#include "launch/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lambdaforge::launch {
namespace {

using experiments::Metrics;

constexpr std::string_view kPrefix = "eval_";

std::optional<double> value_of(const Metrics& row, const std::string& name) {
  const auto found =
      std::find_if(row.begin(), row.end(), [&](const auto& entry) { return entry.first == name; });
  return found == row.end() ? std::nullopt : std::optional(found->second);
}

// The log's row with an evaluation of `step`.
const Metrics* evaluation_at(const trainer::TrainResult& result, int64_t step) {
  for (const Metrics& row : result.state.log_history)
    if (value_of(row, result.end.metric_for_best_model) &&
        value_of(row, "step") == static_cast<double>(step))
      return &row;
  return nullptr;
}

// "eval_NanoNQ_R100_ndcg@10" -> {"NanoNQ_R100", "ndcg@10"}; nothing for eval_loss.
struct Column {
  std::string data_set, metric;

  std::string trained() const { return fmt::format("{}{}_{}", kPrefix, data_set, metric); }
  std::string base() const { return fmt::format("{}{}_base_{}", kPrefix, data_set, metric); }
};

// Every data set that has the metric of the best model and a first stage to compare it with.
std::vector<Column> columns_of(const Metrics& row, const std::string& metric_for_best_model) {
  const std::string metric = metric_for_best_model.substr(metric_for_best_model.rfind('_') + 1);
  std::vector<Column> columns;
  for (const auto& [name, value] : row) {
    if (!name.starts_with(kPrefix) || !name.ends_with("_" + metric)) continue;
    const Column column{
        name.substr(kPrefix.size(), name.size() - kPrefix.size() - metric.size() - 1), metric};
    if (value_of(row, column.base())) columns.push_back(column);
  }
  return columns;
}

template <typename NameOf>
std::string table_row(const std::string& label, const Metrics& row,
                      const std::vector<Column>& columns, const NameOf& name_of) {
  std::string line = fmt::format("  {:<22}", label);
  for (const Column& column : columns)
    line += fmt::format("  {:>{}.4f}", value_of(row, name_of(column)).value_or(0),
                        column.data_set.size());
  return line + "\n";
}

std::string table(const trainer::TrainResult& result) {
  if (!result.state.best_global_step) return "";
  const Metrics* best = evaluation_at(result, *result.state.best_global_step);
  if (!best) return "";
  const std::vector<Column> columns = columns_of(*best, result.end.metric_for_best_model);
  if (columns.empty()) return "";
  std::string text = fmt::format("\n  {:<22}", columns.front().metric);
  for (const Column& column : columns) text += "  " + column.data_set;
  text += "\n";
  text += table_row("BM25", *best, columns, [](const Column& column) { return column.base(); });
  const auto trained = [](const Column& column) { return column.trained(); };
  if (const Metrics* untrained = evaluation_at(result, 0))
    text += table_row("untrained", *untrained, columns, trained);
  return text + table_row(fmt::format("trained, step {}", *result.state.best_global_step), *best,
                          columns, trained);
}

}  // namespace

std::string result_table(const trainer::TrainResult& result) {
  std::string text = table(result) + "\n";
  if (result.state.best_model_checkpoint)
    text += fmt::format("  best checkpoint: {}\n", *result.state.best_model_checkpoint);
  return text + fmt::format("  model:           {}\n", result.end.final_model);
}

}  // namespace lambdaforge::launch
