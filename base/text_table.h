// Tables for the eye.
#pragma once

#include <string>
#include <vector>

namespace lambdaforge {

using TextRow = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces before each; no spaces at the end of a line.
// Rows may have fewer cells than others.
std::string aligned_rows(const std::vector<TextRow>& rows);

}  // namespace lambdaforge
