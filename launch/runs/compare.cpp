#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "base/printable.h"
#include "base/text_table.h"
#include "experiments/run_store/index.h"
#include "launch/program.h"
#include "launch/runs.h"

namespace lambdaforge::launch {
namespace {

using namespace experiments;
using Json = nlohmann::ordered_json;

// One line of the comparison: a name and what each run has under it; empty: nothing.
struct Line {
  std::string name;
  std::vector<std::string> values;
};

template <class Row>
std::vector<std::string> names_of(const std::vector<RunSummary>& runs,
                                  std::vector<Row> RunSummary::*rows) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const RunSummary& run : runs)
    for (const auto& [name, value] : run.*rows)
      if (known.insert(name).second) names.push_back(name);
  return names;
}

std::string text_of(const RunSummary& run, const std::string& name) {
  const RunValue value = value_of(run, name);
  if (const auto* number = std::get_if<double>(&value)) return format_figure(*number);
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : "";
}

std::vector<Line> lines_of(const std::vector<RunSummary>& runs,
                           const std::vector<std::string>& names, bool only_differences) {
  std::vector<Line> lines;
  for (const std::string& name : names) {
    Line line{name, {}};
    for (const RunSummary& run : runs) line.values.push_back(text_of(run, name));
    const bool differs = std::adjacent_find(line.values.begin(), line.values.end(),
                                            std::not_equal_to<>()) != line.values.end();
    if (differs || !only_differences) lines.push_back(std::move(line));
  }
  return lines;
}

void print_lines(const std::string& title, const std::vector<RunSummary>& runs,
                 const std::vector<Line>& lines) {
  std::vector<TextRow> rows = {{title}};
  for (const RunSummary& run : runs) rows[0].push_back(printable(run.path));
  for (const Line& line : lines) {
    TextRow row = {printable(line.name)};
    for (const std::string& value : line.values)
      row.push_back(value.empty() ? "-" : printable(value));
    rows.push_back(std::move(row));
  }
  print(aligned_rows(rows) + "\n");
}

Json to_json(const RunValue& value) {
  if (const auto* number = std::get_if<double>(&value))
    return std::isfinite(*number) ? Json(*number) : Json();
  const auto* text = std::get_if<std::string>(&value);
  return text ? Json(*text) : Json();
}

Json to_json(const std::vector<RunSummary>& runs, const std::vector<Line>& lines) {
  Json json = Json::object();
  for (const Line& line : lines) {
    Json values = Json::array();
    for (const RunSummary& run : runs) values.push_back(to_json(value_of(run, line.name)));
    json[line.name] = std::move(values);
  }
  return json;
}

}  // namespace

void run(const RunsCompareOptions& options) {
  std::vector<RunSummary> runs;
  for (const std::string& name : options.runs) {
    const std::filesystem::path folder = find_run(options.folder, name);
    runs.push_back(summarize_file(folder / kRunFileName));
    runs.back().path = name;
    if (!runs.back().damage.empty()) throw std::invalid_argument(runs.back().damage);
  }
  const auto parameters = lines_of(runs, names_of(runs, &RunSummary::parameters), true);
  auto figures = names_of(runs, &RunSummary::metrics);
  figures.insert(figures.begin(), {"status", "step", "duration", "best", "best_step"});
  const auto figure_lines = lines_of(runs, figures, false);
  if (options.json) {
    const Json json = {{"runs", options.runs},
                       {"parameters", to_json(runs, parameters)},
                       {"figures", to_json(runs, figure_lines)}};
    print(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    return;
  }
  print_lines("parameters that differ", runs, parameters);
  print_lines("last figures", runs, figure_lines);
}

}  // namespace lambdaforge::launch
