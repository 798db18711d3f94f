#include "trainer/data/list_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/utf8.h"
#include "trainer/data/list_columns.h"
#include "trainer/data/parquet_file.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

using nlohmann::json;

// Python's json.dumps writes NaN and Infinity, which JSON does not know.
bool is_not_finite_literal(std::string_view line, size_t byte) {
  const std::string_view around = line.substr(byte > 3 ? byte - 3 : 0, 12);
  return around.find("NaN") != around.npos || around.find("Infinity") != around.npos;
}

json parse_object(const std::string& line) {
  if (const auto position = invalid_utf8_byte(line))
    throw std::invalid_argument(
        fmt::format("no valid UTF-8 at byte {}; convert the file to UTF-8", *position));
  json object;
  try {
    object = json::parse(line);
  } catch (const json::parse_error& error) {
    if (is_not_finite_literal(line, error.byte))
      throw std::invalid_argument(fmt::format(
          "NaN or Infinity at byte {}, which is no JSON and no label; give every document a "
          "finite number or drop it",
          error.byte));
    const std::string_view what = error.what();
    const size_t reason = what.find(": ");
    throw std::invalid_argument(
        fmt::format("invalid JSON at byte {}: {}; expected one object a line", error.byte,
                    reason == what.npos ? what : what.substr(reason + 2)));
  } catch (const json::out_of_range&) {
    throw std::invalid_argument("a number is too large for a float; scale the labels down");
  }
  if (!object.is_object())
    throw std::invalid_argument(fmt::format("{} instead of an object; expected {}",
                                            object.type_name(),
                                            R"({"query": ..., "docs": [...], "labels": [...]})"));
  return object;
}

std::vector<std::string> key_names(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_object()) names.push_back(key);
    if (value.is_object())
      for (const auto& child : value.items()) names.push_back(key + "." + child.key());
  }
  return names;
}

json& at_path(json& object, const std::string& name) {
  if (const auto found = object.find(name); found != object.end()) return *found;
  const size_t dot = name.find('.');
  return object.at(name.substr(0, dot)).at(name.substr(dot + 1));
}

std::string take_text(json& value, const std::string& name) {
  if (!value.is_string())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected text", name, value.type_name()));
  return std::move(value.get_ref<std::string&>());
}

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
    if (!element.is_number() && !element.is_boolean())
      throw std::invalid_argument(fmt::format("'{}' holds {} at place {}; expected a number", name,
                                              element.type_name(), numbers.size()));
    numbers.push_back(element.is_boolean() ? element.get<bool>() : element.get<double>());
  }
  return numbers;
}

void read_json_line(const std::string& line, const std::function<void(RankedList&&)>& yield) {
  json object = parse_object(line);
  const ListColumns columns = find_list_columns(key_names(object));
  auto list = make_ranked_list(columns, take_text(at_path(object, columns.query), columns.query),
                               take_texts(at_path(object, columns.documents), columns.documents),
                               take_numbers(at_path(object, columns.labels), columns.labels));
  if (list) yield(std::move(*list));
}

void read_json_lines(const std::filesystem::path& path,
                     const std::function<void(RankedList&&)>& yield) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  TextLines lines(path);
  std::string line;
  while (lines.next(line)) {
    if (lines.line_number() == 1 && line.starts_with(kByteOrderMark))
      line.erase(0, kByteOrderMark.size());
    if (line.find_first_not_of(" \t") == line.npos) continue;
    try {
      read_json_line(line, yield);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}, line {}: {}", path.string(), lines.line_number(), error.what()));
    }
  }
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
  if (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) return read_json_lines(path, yield);
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
