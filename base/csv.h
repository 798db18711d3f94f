// Comma-separated values as RFC 4180 has them: a field with a comma, a quote or a line end is
// quoted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lambdaforge {

struct CsvRecord {
  std::string text;  // as it stands in the file, line end included
  std::vector<std::string> fields;
  bool is_whole = false;  // its line end is there: nothing tore it
};

// Takes the first record off `csv`; nullopt where nothing is left. Both line ends are understood;
// only the last record may be torn.
std::optional<CsvRecord> take_csv_record(std::string_view& csv);

// All of them.
std::vector<CsvRecord> parse_csv(std::string_view csv);

// The field as it stands in a file: quoted where it must be.
std::string csv_field(const std::string& text);

}  // namespace lambdaforge
