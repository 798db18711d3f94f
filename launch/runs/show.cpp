#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"
#include "base/text_table.h"
#include "experiments/run_store/run_file.h"
#include "launch/program.h"
#include "launch/runs.h"
#include "trainer/config_fields.h"

namespace lambdaforge::launch {
namespace {

using namespace experiments;

constexpr size_t kLogLines = 10;

void print_section(const std::string& title, const std::vector<TextRow>& rows) {
  if (!rows.empty()) print("\n" + title + "\n" + aligned_rows(rows));
}

TextRow pair(const std::string& name, const std::string& value) {
  return {printable(name), printable(value)};
}

std::vector<TextRow> overview(const std::filesystem::path& folder, const RunSummary& run) {
  std::vector<TextRow> rows = {
      pair("run", folder.string()),
      {"status", status_name(run)},
      {"started", format_time(run.started)},
      {"duration", format_duration(std::get<double>(value_of(run, "duration")))},
      {"steps", fmt::format("{} of {}", run.heartbeat.step, run.max_steps)}};
  if (run.best)
    rows.push_back({"best", fmt::format("{} = {} at step {}", printable(run.best->metric),
                                        format_figure(run.best->value), run.best->step)});
  return rows;
}

// A setting that stands as the program has it by itself says little.
std::vector<TextRow> changed_parameters(const Parameters& parameters) {
  const Parameters defaults = trainer::parameters_of(trainer::Config());
  std::vector<TextRow> rows;
  for (const auto& parameter : parameters)
    if (std::find(defaults.begin(), defaults.end(), parameter) == defaults.end())
      rows.push_back(pair(parameter.first, to_text(parameter.second)));
  return rows;
}

std::vector<TextRow> evaluations(const RunRows& rows) {
  std::vector<TextRow> lines;
  for (const EvaluationRow& row : rows.evaluations)
    lines.push_back({fmt::format("step {}", row.step), printable(rows.series.name(row.metric)),
                     format_figure(row.value), row.is_best ? "best so far" : ""});
  return lines;
}

std::vector<TextRow> checkpoints(const RunRows& rows) {
  std::vector<TextRow> lines;
  for (const CheckpointRow& row : rows.checkpoints)
    lines.push_back({fmt::format("step {}", row.step), format_time(row.time),
                     fmt::format("{:.1f} s", row.seconds), printable(row.path.text())});
  return lines;
}

std::vector<TextRow> last_log(const RunRows& rows) {
  std::vector<TextRow> lines;
  for (size_t i = rows.log.size() - std::min(rows.log.size(), kLogLines); i < rows.log.size(); ++i)
    lines.push_back({format_time(rows.log[i].time), rows.log[i].kind.text(),
                     printable(rows.log_line(rows.log[i]))});
  return lines;
}

}  // namespace

void run(const RunsShowOptions& options) {
  const std::filesystem::path folder = find_run(options.folder, options.run);
  const RunRecord record = read_run(folder / kRunFileName);
  const RunSummary summary = summarize(record);
  std::vector<TextRow> figures, environment;
  for (const auto& [name, value] : summary.metrics)
    figures.push_back({printable(name), format_figure(value)});
  for (const auto& [name, value] : record.head.environment)
    environment.push_back(pair(name, value));
  print(aligned_rows(overview(folder, summary)));
  print_section("parameters that are not the defaults", changed_parameters(summary.parameters));
  print_section("last figures", figures);
  print_section("evaluations", evaluations(record.rows));
  print_section("checkpoints", checkpoints(record.rows));
  print_section("environment", environment);
  print_section("log", last_log(record.rows));
}

}  // namespace lambdaforge::launch
