// What can be asked of the meter.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/energy/energy.h"

namespace lambdaforge::experiments::energy {

// Where and how the energy of one machine is measured.
struct MeterOptions {
  // Estimates cover `processes` only, else the whole machine. Counters cover the whole machine
  // either way, as CodeCarbon 3.3.2 has it in its mode "process" (external/hardware.py, CPU: RAPL
  // is read whatever the mode). A share of RAPL by CPU seconds would be another figure than
  // CodeCarbon's, and a guess: what an idle package draws is nobody's, and a counter does not know
  // whose instructions were heavy.
  bool of_processes = false;
  std::vector<pid_t> processes;  // and all that descends from them
  bool include_dram = false;     // memory by RAPL's counter where there is one
  // Indices or beginnings of UUIDs; none: CUDA_VISIBLE_DEVICES, or all where that is not set.
  std::optional<std::vector<std::string>> gpus;

  // Of the system; tests have their own.
  std::filesystem::path powercap = "/sys/class/powercap";
  std::filesystem::path proc = "/proc";
  std::string nvml_library = "libnvidia-ml.so.1";
};

// For CodeCarbon's columns.
struct Hardware {
  std::string cpu_model;
  size_t cpu_count = 0;  // hardware threads
  double memory_gib = 0;
  std::vector<std::string> gpus;  // names
};

}  // namespace lambdaforge::experiments::energy
