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

json& as_array(json& value, const std::string& name, const char* expected) {
  if (!value.is_array())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected {}", name, value.type_name(), expected));
  return value;
}

std::vector<std::string> take_texts(json& value, const std::string& name) {
  std::vector<std::string> texts;
  for (json& element : as_array(value, name, "a list of texts"))
    texts.push_back(take_text(element, name));
  return texts;
}

std::vector<double> take_numbers(json& value, const std::string& name) {
  std::vector<double> numbers;
  for (const json& element : as_array(value, name, "a list of numbers")) {
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
    auto list = make_ranked_list(columns, take_text(column(object, columns.query), columns.query),
                                 take_texts(column(object, columns.documents), columns.documents),
                                 take_numbers(column(object, columns.labels), columns.labels));
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
  reader.for_each_row(
      {columns.query, columns.documents, columns.labels}, [&](const ParquetRow& row) {
        auto list = make_ranked_list(columns, row.text(0), row.texts(1), row.numbers(2));
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
