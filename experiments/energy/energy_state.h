// energy.json in a run's folder: what the run consumed, so that it goes on counting after a stop or
// a crash.
#pragma once

#include <filesystem>

#include "experiments/energy/energy.h"

namespace lambdaforge::experiments::energy {

// Written atomically. Throws std::runtime_error when the disk refuses.
void save_totals(const std::filesystem::path& path, const Totals& totals);

// Zeros where there is no file. Throws std::invalid_argument that names the file and what to do
// when it is damaged.
Totals load_totals(const std::filesystem::path& path);

}  // namespace lambdaforge::experiments::energy
