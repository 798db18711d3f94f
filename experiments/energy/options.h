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
  bool of_processes = false;     // estimates cover `processes` only, else the whole machine
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
