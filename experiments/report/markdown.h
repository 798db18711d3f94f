// Pieces of Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge::experiments {

// `text` as it is, whatever it holds: every character that Markdown or HTML would read otherwise
// becomes an entity, and a line end <br>.
std::string escape_markdown(std::string_view text);

enum class Align { kLeft, kCentre };

// rows[0] is the head; all rows have as many cells, which are Markdown already.
std::string markdown_table(const std::vector<std::vector<std::string>>& rows, Align align);

// Every line that is not empty, behind `prefix`.
std::string indent(std::string_view text, std::string_view prefix);

// A literal of Python, on one line, in single quotes where it can be.
std::string python_text(std::string_view text);

}  // namespace lambdaforge::experiments
