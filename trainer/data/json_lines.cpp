#include "trainer/data/json_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "trainer/data/columns.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

using nlohmann::json;

// Python's json.dumps writes NaN and Infinity, which JSON does not know.
bool is_not_finite_literal(std::string_view line, size_t byte) {
  const std::string_view around = line.substr(byte > 3 ? byte - 3 : 0, 12);
  return around.find("NaN") != around.npos || around.find("Infinity") != around.npos;
}

json parse_line(const std::string& line) {
  try {
    return json::parse(line);
  } catch (const json::parse_error& error) {
    if (is_not_finite_literal(line, error.byte))
      throw std::invalid_argument(fmt::format(
          "NaN or Infinity at byte {}, which is no JSON and no label; write a finite number or "
          "drop the text",
          error.byte));
    const std::string_view what = error.what();
    const size_t reason = what.find(": ");
    throw std::invalid_argument(
        fmt::format("invalid JSON at byte {}: {}; expected one object a line", error.byte,
                    reason == what.npos ? what : what.substr(reason + 2)));
  } catch (const json::out_of_range&) {
    throw std::invalid_argument("a number is too large for a float; scale the labels down");
  }
}

json parse_object(const std::string& line, std::string_view expected) {
  check_utf8(line, "the line");
  json object = parse_line(line);
  if (!object.is_object())
    throw std::invalid_argument(
        fmt::format("{} instead of an object; expected {}", object.type_name(), expected));
  return object;
}

}  // namespace

void for_each_json_line(const std::filesystem::path& path, std::string_view expected,
                        const std::function<void(json&)>& visit) {
  for_each_line(path, [&](const std::string& line) {
    json object = parse_object(line, expected);
    visit(object);
  });
}

std::vector<std::string> column_names(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_object()) names.push_back(key);
    if (value.is_object())
      for (const auto& child : value.items()) names.push_back(key + "." + child.key());
  }
  return names;
}

json& column(json& object, const std::string& name) {
  if (const auto found = object.find(name); found != object.end()) return *found;
  const size_t dot = name.find('.');
  return object.at(name.substr(0, dot)).at(name.substr(dot + 1));
}

std::string take_text(json& value, std::string_view name) {
  if (!value.is_string())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected text", name, value.type_name()));
  return std::move(value.get_ref<std::string&>());
}

std::optional<double> as_number(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  return std::nullopt;
}

}  // namespace lambdaforge::trainer
