// The data files of this folder, compiled in: a program finds them wherever it is started.
#pragma once

#include <string_view>

namespace lambdaforge::experiments::energy {

// Columns: country_iso_code,country,region,aliases,g_per_kwh,year; no field is quoted. Rows without
// a region stand for the country; aliases are separated by '|'.
extern const std::string_view kCarbonIntensityCsv;

// Columns: watts,name. The name is the rest of the line, commas included.
extern const std::string_view kCpuPowerCsv;

}  // namespace lambdaforge::experiments::energy
