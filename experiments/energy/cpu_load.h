// The processors' energy where nothing counts it: from their load, as CodeCarbon 3.3.2 estimates it
// (external/hardware.py, CPU._get_power_from_cpu_load).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "experiments/energy/energy.h"
#include "experiments/energy/processor_power.h"

namespace lambdaforge::experiments::energy {

// Of the whole machine: watts * (0.1 + 0.9 load^3), the load between two calls.
std::unique_ptr<EnergySource> make_machine_load(ProcessorPower power,
                                                const std::filesystem::path& proc);

// Of some processes and their descendants: watts * CPU seconds used / (seconds * threads).
std::unique_ptr<EnergySource> make_process_load(ProcessorPower power,
                                                const std::filesystem::path& proc,
                                                std::vector<pid_t> roots);

}  // namespace lambdaforge::experiments::energy
