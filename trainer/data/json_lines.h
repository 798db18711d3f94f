// A file of JSON objects, one a line.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge::trainer {

// Calls `visit` for the object of every line of `path`, gzipped or not; blank lines are skipped.
// Throws std::runtime_error when the file cannot be opened, std::invalid_argument that names the
// file and the line (from 1) on invalid UTF-8 or JSON (NaN and Infinity included) and on what is no
// object, where it tells what was `expected`. What `visit` throws as std::invalid_argument gains
// the same place.
void for_each_json_line(const std::filesystem::path& path, std::string_view expected,
                        const std::function<void(nlohmann::json&)>& visit);

// The keys of an object; the children of an object within it come as "parent.child".
std::vector<std::string> column_names(const nlohmann::json& object);

// The value under one of column_names().
nlohmann::json& column(nlohmann::json& object, const std::string& name);

// Moves the text out; throws std::invalid_argument when `value`, found under `name`, is none.
std::string take_text(nlohmann::json& value, std::string_view name);

// A number or a boolean; nullopt for anything else.
std::optional<double> as_number(const nlohmann::json& value);

}  // namespace lambdaforge::trainer
