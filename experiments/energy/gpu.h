// The energy of GPUs, one source a device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/energy/energy.h"
#include "experiments/energy/nvml.h"

namespace lambdaforge::experiments::energy {

struct GpuDevice {
  NvmlDevice handle = nullptr;
  unsigned index = 0;
  std::string uuid;
  std::string name;
};

// Those of the machine that `ids` names, in the order of the machine: an index, or the beginning of
// a UUID ("GPU-1f3a"), as in CUDA_VISIBLE_DEVICES. What is not found is reported.
std::vector<GpuDevice> find_gpus(Nvml& nvml, const std::vector<std::string>& ids,
                                 const Report& report);
std::vector<GpuDevice> all_gpus(Nvml& nvml);

// By the device's energy counter; where it has none or it fails, by its power once a call
// (trapezoids). A device that is lost counts nothing from then on, and is reported.
std::unique_ptr<EnergySource> make_gpu(std::shared_ptr<Nvml> nvml, GpuDevice device, Report report);

}  // namespace lambdaforge::experiments::energy
