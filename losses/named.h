// A table from a name in a recipe to what it stands for.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/suggestion.h"

namespace lambdaforge::losses {

template <typename Value>
using NamedTable = std::map<std::string, Value, std::less<>>;

// Throws std::invalid_argument that names `kind`, the nearest known name and all of them.
template <typename Value>
const Value& find_named(std::string_view kind, std::string_view name,
                        const NamedTable<Value>& table) {
  if (const auto found = table.find(name); found != table.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& entry : table) known.push_back(entry.first);
  throw std::invalid_argument(unknown_name_message(kind, name, known));
}

}  // namespace lambdaforge::losses
