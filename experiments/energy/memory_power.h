// The memory's power by its size, as CodeCarbon 3.3.2 estimates it (external/ram.py).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "experiments/energy/energy.h"

namespace lambdaforge::experiments::energy {

// Watts of `gib` GiB: 5 W a module (1.5 W on ARM) for the first four, 90 % of it for the next four,
// 80 % for the next eight, 70 % beyond; at least two modules' worth.
double memory_watts(double gib, bool is_arm);

// All of the machine's memory.
std::unique_ptr<EnergySource> make_machine_memory(const std::filesystem::path& proc);

// What some processes and their descendants hold.
std::unique_ptr<EnergySource> make_process_memory(const std::filesystem::path& proc,
                                                  std::vector<pid_t> roots);

}  // namespace lambdaforge::experiments::energy
