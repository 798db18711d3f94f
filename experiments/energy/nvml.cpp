#include "experiments/energy/nvml.h"

#include <dlfcn.h>

#include <array>

namespace lambdaforge::experiments::energy {
namespace {

constexpr int kSuccess = 0;               // NVML_SUCCESS
constexpr size_t kTextBytes = 96;         // NVML_DEVICE_UUID_V2_BUFFER_SIZE, names as well
constexpr double kJoulesPerCount = 1e-3;  // millijoules
constexpr double kWattsPerCount = 1e-3;   // milliwatts

using Text = std::array<char, kTextBytes>;

}  // namespace

struct Nvml::Functions {
  int (*init)();
  int (*shut_down)();
  const char* (*error_string)(int);
  int (*count)(unsigned*);
  int (*handle)(unsigned, NvmlDevice*);
  int (*uuid)(NvmlDevice, char*, unsigned);
  int (*name)(NvmlDevice, char*, unsigned);
  int (*energy)(NvmlDevice, unsigned long long*);
  int (*power)(NvmlDevice, unsigned*);

  // False: the library lacks one of them.
  bool load(void* library) {
    const auto find = [library](auto& function, const char* symbol) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
      return function != nullptr;
    };
    return find(init, "nvmlInit_v2") && find(shut_down, "nvmlShutdown") &&
           find(error_string, "nvmlErrorString") && find(count, "nvmlDeviceGetCount_v2") &&
           find(handle, "nvmlDeviceGetHandleByIndex_v2") && find(uuid, "nvmlDeviceGetUUID") &&
           find(name, "nvmlDeviceGetName") && find(energy, "nvmlDeviceGetTotalEnergyConsumption") &&
           find(power, "nvmlDeviceGetPowerUsage");
  }
};

std::shared_ptr<Nvml> Nvml::open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return nullptr;
  auto functions = std::make_unique<Functions>();
  if (!functions->load(library) || functions->init() != kSuccess) {
    dlclose(library);
    return nullptr;
  }
  return std::shared_ptr<Nvml>(new Nvml(library, std::move(functions)));
}

Nvml::Nvml(void* library, std::unique_ptr<Functions> functions)
    : library_(library), functions_(std::move(functions)) {}

Nvml::~Nvml() {
  functions_->shut_down();
  dlclose(library_);
}

bool Nvml::ok(int result) {
  if (result != kSuccess) problem_ = functions_->error_string(result);
  return result == kSuccess;
}

unsigned Nvml::device_count() {
  unsigned count = 0;
  return ok(functions_->count(&count)) ? count : 0;
}

std::optional<NvmlDevice> Nvml::device(unsigned index) {
  NvmlDevice device = nullptr;
  if (!ok(functions_->handle(index, &device))) return std::nullopt;
  return device;
}

std::optional<std::string> Nvml::uuid(NvmlDevice device) {
  Text text{};
  if (!ok(functions_->uuid(device, text.data(), text.size()))) return std::nullopt;
  return text.data();
}

std::optional<std::string> Nvml::name(NvmlDevice device) {
  Text text{};
  if (!ok(functions_->name(device, text.data(), text.size()))) return std::nullopt;
  return text.data();
}

std::optional<double> Nvml::joules(NvmlDevice device) {
  unsigned long long millijoules = 0;
  if (!ok(functions_->energy(device, &millijoules))) return std::nullopt;
  return static_cast<double>(millijoules) * kJoulesPerCount;
}

std::optional<double> Nvml::watts(NvmlDevice device) {
  unsigned milliwatts = 0;
  if (!ok(functions_->power(device, &milliwatts))) return std::nullopt;
  return static_cast<double>(milliwatts) * kWattsPerCount;
}

}  // namespace lambdaforge::experiments::energy
