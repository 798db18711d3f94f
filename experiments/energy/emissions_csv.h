// emissions.csv, as CodeCarbon 3.3.2 writes it (output_methods/file.py and emissions_data.py): one
// row a run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/energy/carbon_intensity.h"
#include "experiments/energy/energy.h"
#include "experiments/energy/options.h"

namespace lambdaforge::experiments::energy {

// CodeCarbon's columns in its order.
const std::vector<std::string>& emissions_columns();

struct EmissionsRow {
  std::string project_name;
  std::string run_id;
  Totals totals;
  double pue = 1;  // multiplies power and energy
  CarbonIntensity intensity;
  Hardware hardware;
  std::string mode;  // "machine", "process"
};

// Throws std::invalid_argument when write_emissions would: the file holds other columns, or there
// is no folder for it.
void check_emissions_file(const std::filesystem::path& path);

// Puts the row into the file: in place of the one with its run_id, else behind the others, whoever
// wrote them. What is not known or was not measured (place, Python, utilization) is empty. The file
// is replaced as a whole, under a lock (flock), so that several processes may write into one file.
// Throws std::invalid_argument when it holds other columns,
// std::runtime_error when the disk refuses.
void write_emissions(const std::filesystem::path& path, const EmissionsRow& row);

}  // namespace lambdaforge::experiments::energy
