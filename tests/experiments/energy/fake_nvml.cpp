#include "tests/experiments/energy/fake_nvml.h"

#include <cmath>
#include <cstring>

using lambdaforge::experiments::energy::FakeGpu;
using lambdaforge::experiments::energy::FakeNvml;

// Codes of nvmlReturn_t.
enum { kSuccess = 0, kInvalidArgument = 2, kNotSupported = 3, kGpuIsLost = 15 };

namespace {

FakeNvml machine;

int copy(const char* text, char* target, unsigned size) {
  std::strncpy(target, text, size);
  return kSuccess;
}

}  // namespace

extern "C" {

FakeNvml* fake_nvml() {
  return &machine;
}

int nvmlInit_v2() {
  return kSuccess;
}
int nvmlShutdown() {
  return kSuccess;
}
const char* nvmlErrorString(int code) {
  return code == kGpuIsLost ? "GPU is lost" : "Not Supported";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = machine.count;
  return kSuccess;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index >= machine.count) return kInvalidArgument;
  *device = &machine.devices[index];
  return kSuccess;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned size) {
  return copy(static_cast<FakeGpu*>(device)->uuid, text, size);
}
int nvmlDeviceGetName(void* device, char* text, unsigned size) {
  return copy(static_cast<FakeGpu*>(device)->name, text, size);
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const auto& gpu = *static_cast<FakeGpu*>(device);
  if (gpu.is_lost) return kGpuIsLost;
  if (!gpu.has_counter) return kNotSupported;
  *millijoules = static_cast<unsigned long long>(std::llround(gpu.joules * 1000));
  return kSuccess;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  const auto& gpu = *static_cast<FakeGpu*>(device);
  if (gpu.is_lost) return kGpuIsLost;
  *milliwatts = static_cast<unsigned>(std::lround(gpu.watts * 1000));
  return kSuccess;
}

}  // extern "C"
