#include "experiments/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace lambdaforge::experiments {
namespace {

// Continuation bytes of UTF-8 take no column.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string row_of(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                   Align align) {
  std::string row = "|";
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t spaces = widths[i] - width(cells[i]);
    const size_t before = align == Align::kCentre ? spaces / 2 : 0;
    row += fmt::format(" {:{}}{}{:{}} |", "", before, cells[i], "", spaces - before);
  }
  return row + "\n";
}

// There an underscore means nothing to Markdown: NanoNQ_R100.
bool is_within_word(std::string_view text, size_t place) {
  const auto is_word = [&](size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i]));
  };
  return place > 0 && is_word(place - 1) && is_word(place + 1);
}

}  // namespace

std::string escape_markdown(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>|*_`[]~\\$";
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n')
      escaped += "<br>";
    else if (c == '_' && is_within_word(text, i))
      escaped += c;
    else if (kSpecial.find(c) != std::string_view::npos)
      escaped += fmt::format("&#{};", static_cast<int>(c));
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t')
      escaped += c;
  }
  return escaped;
}

std::string markdown_table(const std::vector<std::vector<std::string>>& rows, Align align) {
  std::vector<size_t> widths(rows.front().size(), 1);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string table = row_of(rows.front(), widths, align) + "|";
  for (const size_t each : widths)
    table += fmt::format(":{:-<{}}{}|", "", each, align == Align::kCentre ? ':' : '-');
  table += "\n";
  for (size_t i = 1; i < rows.size(); ++i) table += row_of(rows[i], widths, align);
  return table;
}

std::string indent(std::string_view text, std::string_view prefix) {
  std::string indented;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (text.front() != '\n') indented += prefix;
    indented += text.substr(0, end);
    text.remove_prefix(end);
  }
  return indented;
}

std::string python_text(std::string_view text) {
  const bool double_quotes =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string literal(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\')
      literal += fmt::format("\\{}", c);
    else if (c == '\n')
      literal += "\\n";
    else if (c == '\t')
      literal += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      literal += fmt::format("\\x{:02x}", static_cast<int>(c));
    else
      literal += c;
  }
  return literal + quote;
}

}  // namespace lambdaforge::experiments
