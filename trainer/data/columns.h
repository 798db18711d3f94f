// Which column of a file holds what, under the names that people give it.
#pragma once

#include <initializer_list>
#include <span>
#include <string>

namespace lambdaforge::trainer {

// What people call the labels of a list and of a pair.
inline constexpr std::initializer_list<const char*> kLabelColumns = {"label", "labels", "score",
                                                                     "scores"};

// The first of `names` that is among `found`; empty when none is.
std::string first_column(std::span<const std::string> found,
                         std::initializer_list<const char*> names);

// The same; throws std::invalid_argument that lists both when there is none. `what` is what the
// column holds: "query".
std::string require_column(std::span<const std::string> found, const char* what,
                           std::initializer_list<const char*> names);

// Throws std::invalid_argument that names the byte where `text` is no UTF-8.
void check_utf8(const std::string& text, const std::string& what);

}  // namespace lambdaforge::trainer
