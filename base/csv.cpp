#include "base/csv.h"

#include <utility>

namespace lambdaforge {

std::optional<CsvRecord> take_csv_record(std::string_view& csv) {
  if (csv.empty()) return std::nullopt;
  CsvRecord record{"", {""}};
  bool quoted = false;
  size_t end = 0;
  while (end < csv.size() && !record.is_whole) {
    const char c = csv[end++];
    if (c == '"') {
      const bool doubled = !quoted && end > 1 && csv[end - 2] == '"';
      if (doubled) record.fields.back() += '"';
      quoted = !quoted;
    } else if (quoted) {
      record.fields.back() += c;
    } else if (c == ',') {
      record.fields.emplace_back();
    } else if (c == '\n') {
      record.is_whole = true;
    } else if (c != '\r') {
      record.fields.back() += c;
    }
  }
  record.text = csv.substr(0, end);
  csv.remove_prefix(end);
  return record;
}

std::vector<CsvRecord> parse_csv(std::string_view csv) {
  std::vector<CsvRecord> records;
  while (auto record = take_csv_record(csv)) records.push_back(std::move(*record));
  return records;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace lambdaforge
