// lambdaforge compare: is the difference between two evaluations real?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "base/text_table.h"
#include "evaluators/paired_runs.h"
#include "evaluators/significance.h"
#include "launch/evaluated_run.h"
#include "launch/program.h"

namespace lambdaforge::launch {
namespace {

constexpr double kLevel = 0.05;

struct Row {
  std::string data_set;
  evaluators::PairedComparison comparison;
  double corrected = 1;  // the randomisation test's p-value after Holm

  bool holds() const { return corrected < kLevel; }
};

struct Comparison {
  std::string a, b;  // the files
  std::vector<Row> rows;
};

Comparison compare(const CompareOptions& options) {
  const auto load = [&](const std::string& run) {
    return options.qrels.empty() ? load_evaluated_run(run)
                                 : evaluate_run_file(run, options.qrels, options.metric);
  };
  const auto a = load(options.run_a), b = load(options.run_b);
  Comparison comparison{a.source, b.source, {}};
  std::vector<double> p_values;
  for (const auto& pair : evaluators::pair_runs(a, b, options.metric)) {
    comparison.rows.push_back(
        {pair.data_set,
         evaluators::compare_paired(pair.a, pair.b,
                                    {.resamples = static_cast<size_t>(options.resamples),
                                     .seed = options.seed,
                                     .confidence = options.confidence})});
    p_values.push_back(comparison.rows.back().comparison.randomisation_test.p_value);
  }
  const std::vector<double> corrected = evaluators::holm(p_values);
  for (size_t i = 0; i < corrected.size(); ++i) comparison.rows[i].corrected = corrected[i];
  return comparison;
}

std::string format_p(double p) {
  return p >= 0.0001 ? fmt::format("{:.4f}", p) : fmt::format("{:.1e}", p);
}

TextRow table_row(const Row& row) {
  const evaluators::PairedComparison& c = row.comparison;
  return {row.data_set,
          fmt::format("{}", c.num_queries),
          fmt::format("{:.4f}", c.mean_a),
          fmt::format("{:.4f}", c.mean_b),
          fmt::format("{:+.4f}", c.mean_difference),
          c.interval ? fmt::format("{:+.4f} to {:+.4f}", c.interval->low, c.interval->high) : "-",
          c.t_test ? format_p(c.t_test->p_value) : "-",
          format_p(c.randomisation_test.p_value),
          format_p(row.corrected),
          fmt::format("{}/{}/{}", c.wins, c.ties, c.losses)};
}

std::string verdict(const std::vector<Row>& rows) {
  std::vector<std::string> holding;
  for (const Row& row : rows)
    if (row.holds())
      holding.push_back(fmt::format("{} ({} is better)", row.data_set,
                                    row.comparison.mean_difference > 0 ? "B" : "A"));
  if (holding.empty())
    return fmt::format("No difference holds at {} after Holm's correction.", kLevel);
  return fmt::format("Holds at {} after Holm's correction: {}.", kLevel, fmt::join(holding, ", "));
}

std::string to_text(const Comparison& comparison, const CompareOptions& options) {
  std::vector<TextRow> rows = {{options.metric, "queries", "A", "B", "B - A",
                                fmt::format("{:g}% interval", options.confidence * 100), "p (t)",
                                "p (rand.)", "p (Holm)", "win/tie/loss"}};
  for (const Row& row : comparison.rows) rows.push_back(table_row(row));
  return fmt::format("  A: {}\n  B: {}\n\n{}\n  {}\n", comparison.a, comparison.b,
                     aligned_rows(rows), verdict(comparison.rows));
}

nlohmann::ordered_json to_json(const Row& row) {
  const evaluators::PairedComparison& c = row.comparison;
  nlohmann::ordered_json json = {
      {"data_set", row.data_set}, {"queries", c.num_queries},        {"mean_a", c.mean_a},
      {"mean_b", c.mean_b},       {"difference", c.mean_difference}, {"interval", nullptr},
      {"t_test", nullptr},        {"effect_size", nullptr}};
  if (c.interval) json["interval"] = {c.interval->low, c.interval->high};
  if (c.t_test)
    json["t_test"] = {{"statistic", c.t_test->statistic},
                      {"degrees_of_freedom", c.t_test->degrees_of_freedom},
                      {"p_value", c.t_test->p_value}};
  if (c.effect_size) json["effect_size"] = *c.effect_size;
  json["randomisation_test"] = {{"p_value", c.randomisation_test.p_value},
                                {"exact", c.randomisation_test.exact},
                                {"p_value_holm", row.corrected}};
  json["wins"] = c.wins;
  json["ties"] = c.ties;
  json["losses"] = c.losses;
  return json;
}

std::string to_json(const Comparison& comparison, const CompareOptions& options) {
  nlohmann::ordered_json json = {{"a", comparison.a},
                                 {"b", comparison.b},
                                 {"metric", options.metric},
                                 {"resamples", options.resamples},
                                 {"seed", options.seed},
                                 {"confidence", options.confidence},
                                 {"data_sets", nlohmann::ordered_json::array()}};
  for (const Row& row : comparison.rows) json["data_sets"].push_back(to_json(row));
  return json.dump() + "\n";
}

int compare(const Arguments& arguments) {
  const CompareOptions options = parse_compare(arguments);
  const Comparison comparison = compare(options);
  print(options.json ? to_json(comparison, options) : to_text(comparison, options));
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::compare);
}
