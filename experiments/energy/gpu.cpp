#include "experiments/energy/gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/numbers.h"
#include "experiments/energy/reconciled_counter.h"

namespace lambdaforge::experiments::energy {
namespace {

bool is_meant(const GpuDevice& device, const std::string& id) {
  if (const auto index = read_number<unsigned>(id)) return *index == device.index;
  return !id.empty() && device.uuid.starts_with(id);
}

class Gpu : public EnergySource {
 public:
  Gpu(std::shared_ptr<Nvml> nvml, GpuDevice device, Report report)
      : nvml_(std::move(nvml)),
        device_(std::move(device)),
        report_(std::move(report)),
        counts_(nvml_->joules(device_.handle).has_value()),
        counter_(nvml_->joules(device_.handle)),
        watts_(nvml_->watts(device_.handle)) {}

  Component component() const override { return Component::kGpu; }
  std::string description() const override {
    return fmt::format("GPU {}: {} by {}", device_.index, device_.name,
                       counts_ ? "its energy counter" : "its power, once a second");
  }

  double measure(double seconds) override {
    const auto joules = nvml_->joules(device_.handle);
    const auto watts = nvml_->watts(device_.handle);
    const double estimate = watts ? 0.5 * (*watts + watts_.value_or(*watts)) * seconds : 0;
    watts_ = watts;
    tell(joules.has_value(), watts.has_value());
    return counter_.add(joules, estimate);
  }

 private:
  // Each change for the worse once.
  void tell(bool has_joules, bool has_watts) {
    const bool lost = !has_joules && !has_watts;
    const bool estimated = counts_ && !has_joules && has_watts;
    if (lost && !std::exchange(lost_, true))
      report_(fmt::format(
          "energy: GPU {} ({}) cannot be measured: {}; nothing is counted for it until it can",
          device_.index, device_.name, nvml_->problem()));
    if (estimated && !std::exchange(estimated_, true))
      report_(
          fmt::format("energy: GPU {} ({}) does not tell its energy; it is estimated from its "
                      "power until it does",
                      device_.index, device_.name));
    lost_ = lost;
    estimated_ = estimated;
  }

  const std::shared_ptr<Nvml> nvml_;
  const GpuDevice device_;
  const Report report_;
  const bool counts_;  // it has a counter
  ReconciledCounter counter_;
  std::optional<double> watts_;
  bool lost_ = false, estimated_ = false;
};

}  // namespace

std::vector<GpuDevice> all_gpus(Nvml& nvml) {
  std::vector<GpuDevice> devices;
  for (unsigned index = 0; index < nvml.device_count(); ++index)
    if (const auto handle = nvml.device(index))
      devices.push_back({*handle, index, nvml.uuid(*handle).value_or(""),
                         nvml.name(*handle).value_or("unknown")});
  return devices;
}

std::vector<GpuDevice> find_gpus(Nvml& nvml, const std::vector<std::string>& ids,
                                 const Report& report) {
  std::vector<GpuDevice> all = all_gpus(nvml), meant;
  for (const std::string& id : ids)
    if (std::ranges::none_of(all, [&](const GpuDevice& gpu) { return is_meant(gpu, id); }))
      report(fmt::format("energy: there is no GPU '{}' to measure; the machine has {}", id,
                         all.size()));
  for (GpuDevice& device : all)
    if (std::ranges::any_of(ids, [&](const std::string& id) { return is_meant(device, id); }))
      meant.push_back(std::move(device));
  return meant;
}

std::unique_ptr<EnergySource> make_gpu(std::shared_ptr<Nvml> nvml, GpuDevice device,
                                       Report report) {
  return std::make_unique<Gpu>(std::move(nvml), std::move(device), std::move(report));
}

}  // namespace lambdaforge::experiments::energy
