#include "trainer/data/columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/utf8.h"

namespace lambdaforge::trainer {

std::string first_column(std::span<const std::string> found,
                         std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (std::find(found.begin(), found.end(), name) != found.end()) return name;
  return "";
}

std::string require_column(std::span<const std::string> found, const char* what,
                           std::initializer_list<const char*> names) {
  std::string name = first_column(found, names);
  if (name.empty())
    throw std::invalid_argument(
        fmt::format("no column for the {}: expected '{}', found: {}; rename the column", what,
                    fmt::join(names, "' or '"), fmt::join(found, ", ")));
  return name;
}

void check_utf8(const std::string& text, const std::string& what) {
  if (const auto position = invalid_utf8_byte(text))
    throw std::invalid_argument(
        fmt::format("{} is no valid UTF-8 at byte {}; convert the file to UTF-8", what, *position));
}

}  // namespace lambdaforge::trainer
