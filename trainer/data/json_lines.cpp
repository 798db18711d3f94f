#include "trainer/data/json_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/utf8.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

using nlohmann::json;

// Python's json.dumps writes NaN and Infinity, which JSON does not know.
bool is_not_finite_literal(std::string_view line, size_t byte) {
  const std::string_view around = line.substr(byte > 3 ? byte - 3 : 0, 12);
  return around.find("NaN") != around.npos || around.find("Infinity") != around.npos;
}

json parse_object(const std::string& line, std::string_view example) {
  if (const auto position = invalid_utf8_byte(line))
    throw std::invalid_argument(
        fmt::format("no valid UTF-8 at byte {}; convert the file to UTF-8", *position));
  json object;
  try {
    object = json::parse(line);
  } catch (const json::parse_error& error) {
    if (is_not_finite_literal(line, error.byte))
      throw std::invalid_argument(fmt::format(
          "NaN or Infinity at byte {}, which JSON does not know; write a finite number or drop "
          "what has none",
          error.byte));
    const std::string_view what = error.what();
    const size_t reason = what.find(": ");
    throw std::invalid_argument(
        fmt::format("invalid JSON at byte {}: {}; expected one object a line", error.byte,
                    reason == what.npos ? what : what.substr(reason + 2)));
  } catch (const json::out_of_range&) {
    throw std::invalid_argument("a number is too large for a float; scale such numbers down");
  }
  if (!object.is_object())
    throw std::invalid_argument(
        fmt::format("{} instead of an object; expected {}", object.type_name(), example));
  return object;
}

}  // namespace

void for_each_json_line(const std::filesystem::path& path, std::string_view example,
                        const std::function<void(json&)>& visit) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  TextLines lines(path);
  std::string line;
  while (lines.next(line)) {
    if (lines.line_number() == 1 && line.starts_with(kByteOrderMark))
      line.erase(0, kByteOrderMark.size());
    if (line.find_first_not_of(" \t") == line.npos) continue;
    try {
      json object = parse_object(line, example);
      visit(object);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}, line {}: {}", path.string(), lines.line_number(), error.what()));
    }
  }
}

std::string take_text(json& value, std::string_view name) {
  if (!value.is_string())
    throw std::invalid_argument(
        fmt::format("'{}' holds {}; expected text", name, value.type_name()));
  return std::move(value.get_ref<std::string&>());
}

}  // namespace lambdaforge::trainer
