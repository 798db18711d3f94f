// NVIDIA's management library, opened at run time: a machine without it has no GPU to measure.
// https://docs.nvidia.com/deploy/nvml-api/
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace lambdaforge::experiments::energy {

using NvmlDevice = void*;

// Every call that fails returns nullopt; `problem` then holds the library's words.
class Nvml {
 public:
  // Nullptr when `library` cannot be opened or finds no driver. A library that lacks a function of
  // ours is as good as none.
  static std::shared_ptr<Nvml> open(const std::string& library);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  unsigned device_count();
  std::optional<NvmlDevice> device(unsigned index);
  std::optional<std::string> uuid(NvmlDevice device);  // "GPU-..."
  std::optional<std::string> name(NvmlDevice device);
  std::optional<double> joules(NvmlDevice device);  // since the driver was loaded
  std::optional<double> watts(NvmlDevice device);

  const std::string& problem() const { return problem_; }

 private:
  struct Functions;
  Nvml(void* library, std::unique_ptr<Functions> functions);

  bool ok(int result);

  void* library_;
  std::unique_ptr<Functions> functions_;
  std::string problem_;
};

}  // namespace lambdaforge::experiments::energy
