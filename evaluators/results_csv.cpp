#include "evaluators/results_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/csv.h"
#include "base/files.h"
#include "base/numbers.h"

namespace lambdaforge::evaluators {
namespace {

constexpr std::string_view kFirstColumns = "epoch,steps,";

template <class Float>
std::string python_repr(Float value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

// A header may be torn, too.
bool is_of_results(std::string_view csv) {
  return csv.starts_with(kFirstColumns) || kFirstColumns.starts_with(csv);
}

bool stays(const CsvRecord& row, size_t num_columns, int64_t first_step) {
  if (first_step == 0 || !row.is_whole || row.fields.size() != num_columns) return false;
  const auto step = read_number<int64_t>(row.fields[1]);
  return step && *step <= first_step;
}

// Empty: no row stays, and the next one brings a new header.
std::string rows_until(const std::string& csv, int64_t first_step) {
  const std::vector<CsvRecord> records = parse_csv(csv);
  if (records.empty() || !records.front().is_whole) return "";
  const CsvRecord& header = records.front();
  std::string kept;
  for (size_t i = 1; i < records.size(); ++i)
    if (stays(records[i], header.fields.size(), first_step)) kept += records[i].text;
  return kept.empty() ? kept : header.text + kept;
}

}  // namespace

std::string python_float(double value) {
  return python_repr(value);
}

std::string python_float32(float value) {
  return python_repr(value);
}

void append_row(const std::filesystem::path& path, LineEnd line_end, std::string_view columns,
                EvaluationPoint point, const std::vector<std::string>& cells) {
  const char* end = line_end == LineEnd::kLf ? "\n" : "\r\n";
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::string rows;
  if (!std::filesystem::exists(path)) rows = fmt::format("{}{}{}", kFirstColumns, columns, end);
  // Outside a run the peer's epoch is the integer -1; within one it is a float.
  rows += fmt::format("{},{},{}{}", point.epoch == -1 ? "-1" : python_float(point.epoch),
                      point.step, fmt::join(cells, ","), end);
  append_to_file(path, rows);
}

void drop_rows_after(const std::filesystem::path& folder, int64_t first_step) {
  if (!std::filesystem::is_directory(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".csv") continue;
    const std::string csv = read_file(entry.path());
    if (!is_of_results(csv)) continue;
    const std::string kept = rows_until(csv, first_step);
    if (kept.empty())
      std::filesystem::remove(entry.path());
    else if (kept != csv)
      write_file_atomically(entry.path(), kept);
  }
}

void append_results(const std::filesystem::path& path, LineEnd line_end, int64_t at_k,
                    EvaluationPoint point, const Evaluation& evaluation,
                    const std::string& prefix) {
  const auto cell = [&](const std::string& metric) {
    return python_float(evaluation.at(prefix + metric));
  };
  append_row(path, line_end, fmt::format("MAP,MRR@{0},NDCG@{0}", at_k), point,
             {cell("map"), cell(fmt::format("mrr@{}", at_k)), cell(fmt::format("ndcg@{}", at_k))});
}

}  // namespace lambdaforge::evaluators
