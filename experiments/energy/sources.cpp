#include "experiments/energy/sources.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "experiments/energy/cpu_load.h"
#include "experiments/energy/gpu.h"
#include "experiments/energy/memory_power.h"
#include "experiments/energy/rapl.h"

namespace lambdaforge::experiments::energy {
namespace {

using Source = std::unique_ptr<EnergySource>;

Source make_load(const MeterOptions& options, ProcessorPower power) {
  return options.of_processes ? make_process_load(std::move(power), options.proc, options.processes)
                              : make_machine_load(std::move(power), options.proc);
}

Source make_memory_model(const MeterOptions& options) {
  return options.of_processes ? make_process_memory(options.proc, options.processes)
                              : make_machine_memory(options.proc);
}

RaplDomains find_readable_domains(const MeterOptions& options, const Report& report) try {
  RaplDomains domains = find_rapl_domains(options.powercap);
  if (domains.processor.empty())
    report(fmt::format("energy: no RAPL counter in {}; the CPU's energy is estimated from its load",
                       options.powercap.string()));
  return domains;
} catch (const std::runtime_error& error) {
  report(fmt::format("energy: {}; until then the CPU's energy is estimated from its load",
                     error.what()));
  return {};
}

void add_processor_and_memory(Sources& sources, const MeterOptions& options, const Report& report) {
  ProcessorPower power = processor_power(options.proc);
  sources.hardware.cpu_model = power.model;
  RaplDomains domains = find_readable_domains(options, report);
  Source cpu = make_load(options, std::move(power));
  if (options.of_processes && !domains.processor.empty())
    report(
        "energy: RAPL counts the whole machine, other processes included; mode \"process\" narrows "
        "only what is estimated");
  if (!domains.processor.empty())
    cpu = std::make_unique<RaplSource>(Component::kCpu, std::move(domains.processor),
                                       std::move(cpu), report);
  Source memory = make_memory_model(options);
  if (options.include_dram && !domains.dram.empty())
    memory = std::make_unique<RaplSource>(Component::kMemory, std::move(domains.dram),
                                          std::move(memory), report);
  else if (options.include_dram)
    report("energy: there is no counter of the memory's energy; it is estimated from its size");
  sources.list.push_back(std::move(cpu));
  sources.list.push_back(std::move(memory));
}

std::optional<std::vector<std::string>> visible_gpus() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (!visible) return std::nullopt;
  std::vector<std::string> ids;
  std::string id;
  for (const char c : std::string(visible) + ',') {
    if (c != ',')
      id += c;
    else if (!id.empty())
      ids.push_back(std::exchange(id, ""));
  }
  return ids;
}

void add_gpus(Sources& sources, const MeterOptions& options, const Report& report) {
  const auto ids = options.gpus ? options.gpus : visible_gpus();
  if (ids && ids->empty()) return;  // the run has none
  const std::shared_ptr<Nvml> nvml = Nvml::open(options.nvml_library);
  if (!nvml) {
    if (options.gpus)
      report(fmt::format("energy: {} cannot be opened; the GPUs' energy is not counted",
                         options.nvml_library));
    return;
  }
  for (GpuDevice& device : ids ? find_gpus(*nvml, *ids, report) : all_gpus(*nvml)) {
    sources.hardware.gpus.push_back(device.name);
    sources.list.push_back(make_gpu(nvml, std::move(device), report));
  }
}

double memory_gib(const std::filesystem::path& proc) {
  std::ifstream file(proc / "meminfo");
  std::string name;
  double kibibytes = 0;
  file >> name >> kibibytes;
  return kibibytes / (1024 * 1024);
}

}  // namespace

Sources find_sources(const MeterOptions& options, const Report& report) {
  Sources sources;
  sources.hardware.cpu_count = static_cast<size_t>(sysconf(_SC_NPROCESSORS_ONLN));
  sources.hardware.memory_gib = memory_gib(options.proc);
  add_processor_and_memory(sources, options, report);
  add_gpus(sources, options, report);
  return sources;
}

}  // namespace lambdaforge::experiments::energy
