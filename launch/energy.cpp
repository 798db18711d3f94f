// lambdaforge energy: what does a command consume?
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error_text.h"
#include "experiments/energy/emissions_csv.h"
#include "experiments/energy/meter.h"
#include "experiments/energy/sources.h"
#include "experiments/energy/summary.h"
#include "launch/program.h"

namespace lambdaforge::launch {
namespace {

using namespace experiments::energy;

constexpr int kCannotStart = 127;  // as a shell says it
constexpr int kBySignal = 128;

// What a person or a scheduler sends to end or poke a job, and the child's end.
constexpr std::array kSignals = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

sigset_t signal_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  return set;
}

// A command that runs with the signals of this process, which itself takes them one by one.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command) {
    const sigset_t taken = signal_set();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &taken, &before);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &before);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int error =
        posix_spawnp(&pid_, words.front(), nullptr, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
      throw Answer(kCannotStart, fmt::format("lambdaforge energy: cannot start '{}': {}\n",
                                             command.front(), strerror(error)));
  }

  // Passes signals on until the command has ended; returns its exit code.
  int wait() const {
    const sigset_t taken = signal_set();
    while (true) {
      siginfo_t info;
      const int signal = sigwaitinfo(&taken, &info);
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_)
        return WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
      // A terminal sends its signals to the command as well.
      const bool from_terminal = info.si_code == SI_KERNEL;
      if (signal > 0 && signal != SIGCHLD && !from_terminal) kill(pid_, signal);
    }
  }

 private:
  pid_t pid_ = 0;
};

std::string to_json(const experiments::EnergyMeasured& energy, const CarbonIntensity& intensity,
                    const std::vector<std::string>& sources, int exit_code) {
  const nlohmann::ordered_json json = {{"exit_code", exit_code},
                                       {"seconds", energy.seconds},
                                       {"kwh", total_kwh(energy)},
                                       {"cpu_kwh", energy.cpu_kwh},
                                       {"gpu_kwh", energy.gpu_kwh},
                                       {"memory_kwh", energy.memory_kwh},
                                       {"emissions_kg", energy.emissions_kg},
                                       {"grams_per_kwh", intensity.grams_per_kwh},
                                       {"carbon_intensity", intensity.source},
                                       {"measured_by", sources}};
  return json.dump() + "\n";
}

std::string to_text(const experiments::EnergyMeasured& energy, const CarbonIntensity& intensity,
                    const std::vector<std::string>& sources) {
  std::string text;
  for (const std::string& source : sources) text += fmt::format("energy: {}\n", source);
  return text + fmt::format("energy: {:g} g CO2e/kWh ({})\nenergy: {}\n", intensity.grams_per_kwh,
                            intensity.source, summary(energy));
}

// The command has done its work: that there is no row is told, and is no failure of the command's.
void write_row(const EnergyOptions& options, const Totals& totals, const CarbonIntensity& intensity,
               const Hardware& hardware) try {
  if (options.output.empty()) return;
  write_emissions(options.output,
                  {options.project, fmt::format("{}-{}", std::time(nullptr), getpid()), totals,
                   options.pue, intensity, hardware, options.mode});
} catch (const std::exception& error) {
  std::cerr << fmt::format("lambdaforge energy: no row was written: {}\n", error_text(error));
}

// This process starts the command and waits for it, so the command's CPU seconds are its own
// children's: nothing is lost when the command ends between two samples.
int energy(const Arguments& arguments) {
  const EnergyOptions options = parse_energy(arguments);
  if (!options.output.empty()) check_emissions_file(options.output);
  const CarbonIntensity intensity =
      carbon_intensity(options.country, options.region, options.carbon_intensity);
  MeterOptions meter_options;
  meter_options.of_processes = options.mode == "process";
  meter_options.processes = {getpid()};
  Sources sources = find_sources(
      meter_options, [](const std::string& problem) { std::cerr << problem << std::endl; });
  const Hardware hardware = sources.hardware;
  Meter meter(std::move(sources.list));
  const Child child(options.command);
  MeterThread thread(meter, [] {});
  const int exit_code = child.wait();
  thread.stop();

  const Totals totals = meter.totals();
  const auto energy = to_event(totals, options.pue, intensity);
  std::cerr << (options.json ? to_json(energy, intensity, meter.descriptions(), exit_code)
                             : to_text(energy, intensity, meter.descriptions()))
            << std::flush;
  write_row(options, totals, intensity, hardware);
  return exit_code;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::energy);
}
