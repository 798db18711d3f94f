#include "evaluators/per_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/numbers.h"
#include "evaluators/results_csv.h"

namespace lambdaforge::evaluators {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "metric,query,value";
constexpr std::string_view kFilePrefix = "step-";
constexpr std::string_view kFileSuffix = ".csv";

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

// A CSV file row by row; complaints name the file and the line on which the last row began.
class CsvRows {
 public:
  explicit CsvRows(const fs::path& path) : path_(path), text_(read_file(path)), rest_(text_) {}

  bool at_end() const { return rest_.empty(); }

  std::vector<std::string> next() {
    row_line_ = line_;
    std::vector<std::string> fields = {field()};
    while (skip(",")) fields.push_back(field());
    if (!at_end() && !skip("\n") && !skip("\r\n"))
      fail(fmt::format("expected a comma or the end of the line, got '{}'", rest_.front()));
    return fields;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument(fmt::format("{}, line {}: {}", path_.string(), row_line_, what));
  }

 private:
  std::string field() {
    if (!skip("\"")) return take_until(",\r\n");
    std::string content = take_until("\"");
    while (skip("\"\"")) content += '"' + take_until("\"");
    if (!skip("\"")) fail("a quote is opened but never closed");
    return content;
  }

  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    take(text.size());
    return true;
  }

  std::string take_until(std::string_view any_of) {
    return take(std::min(rest_.find_first_of(any_of), rest_.size()));
  }

  std::string take(size_t length) {
    std::string taken(rest_.substr(0, length));
    line_ += std::count(taken.begin(), taken.end(), '\n');
    rest_.remove_prefix(length);
    return taken;
  }

  fs::path path_;
  std::string text_;
  std::string_view rest_;  // of text_
  int64_t line_ = 1;
  int64_t row_line_ = 1;
};

double parse_value(const CsvRows& rows, const std::string& text) {
  const std::optional<double> value = read_number<double>(text);
  if (!value || !std::isfinite(*value))
    rows.fail(fmt::format("expected a finite number as value, got '{}'", text));
  return *value;
}

}  // namespace

void write_per_query(const fs::path& path, const PerQueryValues& values) {
  std::string text = fmt::format("{}\n", kHeader);
  for (const auto& [metric, queries] : values)
    for (const auto& [query, value] : queries)
      text += fmt::format("{},{},{}\n", csv_field(metric), csv_field(query), python_float(value));
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  write_file_atomically(path, text);
}

void add_per_query(const fs::path& path, const PerQueryValues& values) {
  PerQueryValues all = values;
  if (fs::exists(path)) all.merge(read_per_query(path));  // the new ones win
  write_per_query(path, all);
}

PerQueryValues read_per_query(const fs::path& path) {
  CsvRows rows(path);
  if (const std::string header = fmt::format("{}", fmt::join(rows.next(), ",")); header != kHeader)
    rows.fail(fmt::format("expected the header '{}', got '{}'", kHeader, header));
  PerQueryValues values;
  std::set<std::pair<std::string, std::string>> known;
  while (!rows.at_end()) {
    std::vector<std::string> row = rows.next();
    if (row.size() != 3)
      rows.fail(fmt::format("expected the 3 fields {}, got {}", kHeader, row.size()));
    if (!known.emplace(row[0], row[1]).second)
      rows.fail(fmt::format("query '{}' has a value of {} already", row[1], row[0]));
    values[row[0]].emplace_back(row[1], parse_value(rows, row[2]));
  }
  return values;
}

fs::path per_query_path(const fs::path& evaluations, int64_t step) {
  return evaluations / "per_query" / fmt::format("{}{}{}", kFilePrefix, step, kFileSuffix);
}

std::vector<int64_t> per_query_steps(const fs::path& evaluations) {
  return numbered_entries(evaluations / "per_query", kFilePrefix, kFileSuffix);
}

}  // namespace lambdaforge::evaluators
