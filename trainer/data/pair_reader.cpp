#include "trainer/data/pair_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "base/numbers.h"
#include "trainer/data/columns.h"
#include "trainer/data/json_lines.h"
#include "trainer/data/parquet_file.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::LabelledPairs;

struct PairColumns {
  std::string first, second, label;
};

PairColumns find_pair_columns(std::span<const std::string> found) {
  return {require_column(found, "first text", {"sentence1", "query", "anchor", "premise"}),
          require_column(found, "second text",
                         {"sentence2", "document", "passage", "docs", "doc", "hypothesis"}),
          require_column(found, "label", kLabelColumns)};
}

void add_pair(LabelledPairs& labelled, std::string first, std::string second, double label) {
  if (!std::isfinite(label))
    throw std::invalid_argument(
        fmt::format("label {} is not finite; give the pair a number or drop it", label));
  labelled.pairs.push_back({std::move(first), std::move(second)});
  labelled.labels.push_back(label);
}

void read_json_pairs(const std::filesystem::path& path, LabelledPairs& labelled) {
  const char* const expected = R"({"query": ..., "document": ..., "label": ...})";
  for_each_json_line(path, expected, [&](nlohmann::json& object) {
    const PairColumns columns = find_pair_columns(column_names(object));
    const nlohmann::json& label = column(object, columns.label);
    const auto number = as_number(label);
    if (!number)
      throw std::invalid_argument(
          fmt::format("'{}' holds {}; expected a number", columns.label, label.type_name()));
    add_pair(labelled, take_text(column(object, columns.first), columns.first),
             take_text(column(object, columns.second), columns.second), *number);
  });
}

void read_parquet_pairs(const std::filesystem::path& path, LabelledPairs& labelled) {
  ParquetReader reader(path);
  PairColumns columns;
  try {
    columns = find_pair_columns(reader.columns());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", path.string(), error.what()));
  }
  reader.for_each_row({columns.first, columns.second, columns.label}, [&](const ParquetRow& row) {
    std::string first = row.text(0), second = row.text(1);
    check_utf8(first, columns.first);
    check_utf8(second, columns.second);
    add_pair(labelled, std::move(first), std::move(second), row.number(2));
  });
}

std::vector<std::string> split_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (size_t tab = line.find('\t'); tab != line.npos; tab = line.find('\t')) {
    fields.emplace_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  fields.emplace_back(line);
  return fields;
}

double parse_label(const std::string& text) {
  const std::optional<double> label = read_number<double>(text);
  if (!label) throw std::invalid_argument(fmt::format("label '{}' is no number", text));
  return *label;
}

void read_tab_separated_pairs(const std::filesystem::path& path, LabelledPairs& labelled) {
  std::vector<std::string> names;
  size_t first = 0, second = 0, label = 0;
  const auto place = [&](const std::string& name) {
    return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for_each_line(path, [&](const std::string& line) {
    check_utf8(line, "the line");
    std::vector<std::string> fields = split_fields(line);
    if (names.empty()) {
      names = std::move(fields);
      const PairColumns columns = find_pair_columns(names);
      first = place(columns.first), second = place(columns.second), label = place(columns.label);
      return;
    }
    if (fields.size() != names.size())
      throw std::invalid_argument(
          fmt::format("{} fields between tabs; expected {}, as in the line of column names",
                      fields.size(), names.size()));
    add_pair(labelled, std::move(fields[first]), std::move(fields[second]),
             parse_label(fields[label]));
  });
}

std::string set_name(std::filesystem::path path) {
  if (path.extension() == ".gz") path = path.stem();
  return path.stem().string();
}

}  // namespace

LabelledPairs read_labelled_pairs(const std::filesystem::path& path) {
  LabelledPairs labelled;
  labelled.name = set_name(path);
  const std::string file = path.filename().string();
  if (file.ends_with(".parquet"))
    read_parquet_pairs(path, labelled);
  else if (file.ends_with(".jsonl") || file.ends_with(".jsonl.gz"))
    read_json_pairs(path, labelled);
  else if (file.ends_with(".tsv") || file.ends_with(".tsv.gz"))
    read_tab_separated_pairs(path, labelled);
  else
    throw std::invalid_argument(
        fmt::format("{}: unknown kind of file; expected labelled pairs in .jsonl, .jsonl.gz, "
                    ".parquet, .tsv or .tsv.gz",
                    path.string()));
  if (labelled.pairs.empty())
    throw std::invalid_argument(fmt::format("{}: there are no pairs in it", path.string()));
  return labelled;
}

}  // namespace lambdaforge::trainer
