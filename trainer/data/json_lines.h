// JSON lines: a file with one object a line, plain or gzipped.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace lambdaforge::trainer {

// Calls `visit` for the object of each line in file order; blank lines and a byte-order mark are
// passed over. `example` is an object as it should be, for messages. Throws std::runtime_error when
// the file cannot be opened and std::invalid_argument that names the file, the line (from 1) and
// what to do on invalid UTF-8 or JSON, on something other than an object and on a damaged gzip
// stream. A std::invalid_argument out of `visit` gains the same place.
void for_each_json_line(const std::filesystem::path& path, std::string_view example,
                        const std::function<void(nlohmann::json&)>& visit);

// The text in `value`, which stands under `name`. Throws std::invalid_argument on anything else.
std::string take_text(nlohmann::json& value, std::string_view name);

}  // namespace lambdaforge::trainer
