#include "trainer/data/list_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "trainer/data/json_lines.h"
#include "trainer/data/list_columns.h"
#include "trainer/data/parquet_file.h"

namespace lambdaforge::trainer {
namespace {

using nlohmann::json;

std::vector<std::string> take_list_of_texts(json& value, const std::string& name) {
  if (!value.is_array())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected a list of texts", name, value.type_name()));
  std::vector<std::string> texts;
  for (json& element : value) texts.push_back(take_text(element, name));
  return texts;
}

std::vector<std::vector<std::string>> take_documents(json& object, const ListColumns& columns) {
  const bool are_lists =
      columns.layout == ListLayout::kList || columns.layout == ListLayout::kMsMarco;
  std::vector<std::vector<std::string>> texts;
  for (const std::string& name : columns.documents) {
    json& value = column(object, name);
    const bool is_list = are_lists || (columns.layout == ListLayout::kTuple && value.is_array());
    if (is_list) texts.push_back(take_list_of_texts(value, name));
    if (!is_list) texts.push_back({take_text(value, name)});
  }
  return texts;
}

// A single number counts as a list of one.
std::vector<double> take_labels(json& object, const std::string& name) {
  if (name.empty()) return {};
  const json& value = column(object, name);
  if (const auto number = as_number(value)) return {*number};
  if (!value.is_array())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected a list of numbers", name, value.type_name()));
  std::vector<double> numbers;
  for (const json& element : value) {
    const auto number = as_number(element);
    if (!number)
      throw std::invalid_argument(fmt::format("'{}' holds {} at place {}; expected a number", name,
                                              element.type_name(), numbers.size()));
    numbers.push_back(*number);
  }
  return numbers;
}

void read_json_lists(const std::filesystem::path& path,
                     const std::function<void(RankedList&&)>& yield) {
  const char* const expected = R"({"query": ..., "docs": [...], "labels": [...]})";
  for_each_json_line(path, expected, [&](json& object) {
    const ListColumns columns = find_list_columns(column_names(object));
    auto list =
        make_ranked_list(columns, take_text(column(object, columns.query), columns.query),
                         take_documents(object, columns), take_labels(object, columns.labels));
    if (list) yield(std::move(*list));
  });
}

void read_parquet_rows(const std::filesystem::path& path,
                       const std::function<void(RankedList&&)>& yield) {
  ParquetReader reader(path);
  ListColumns columns;
  try {
    columns = find_list_columns(reader.columns());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", path.string(), error.what()));
  }
  std::vector<std::string> names = columns.documents;
  names.push_back(columns.query);
  if (!columns.labels.empty()) names.push_back(columns.labels);
  const size_t num_documents = columns.documents.size();
  reader.for_each_row(names, [&](const ParquetRow& row) {
    std::vector<std::vector<std::string>> documents;
    for (size_t i = 0; i < num_documents; ++i)
      if (columns.layout == ListLayout::kPair)
        documents.push_back({row.text(i)});
      else
        documents.push_back(row.texts(i));
    auto list = make_ranked_list(
        columns, row.text(num_documents), std::move(documents),
        columns.labels.empty() ? std::vector<double>() : row.numbers(num_documents + 1));
    if (list) yield(std::move(*list));
  });
}

}  // namespace

void read_lists(const std::filesystem::path& path, const std::function<void(RankedList&&)>& yield) {
  const std::string name = path.filename().string();
  if (name.ends_with(".parquet")) return read_parquet_rows(path, yield);
  if (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) return read_json_lists(path, yield);
  throw std::invalid_argument(fmt::format(
      "{}: unknown kind of file; expected lists in .jsonl, .jsonl.gz or .parquet", path.string()));
}

void ListStatistics::add(std::span<const float> labels) {
  const auto length = static_cast<int64_t>(labels.size());
  ++lists;
  documents += length;
  min_documents = std::min(min_documents, length);
  max_documents = std::max(max_documents, length);
  single_document_lists += length == 1;
  lists_without_positive +=
      std::none_of(labels.begin(), labels.end(), [](float label) { return label > 0; });
}

}  // namespace lambdaforge::trainer
