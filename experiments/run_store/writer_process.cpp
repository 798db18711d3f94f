#include "experiments/run_store/writer_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/process.h"

namespace lambdaforge::experiments {
namespace {

// This boot and this space of process ids: elsewhere the same id is another process.
const std::string& this_machine() {
  static const std::string machine = [] {
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    std::error_code error;
    const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
    return error || boot.empty() ? std::string() : boot + " " + space.string();
  }();
  return machine;
}

// When the process began, in the kernel's ticks since boot; nullopt: there is none, or it ended and
// is only remembered. proc(5): state is field 3, starttime field 22, and the name in field 2 may
// hold anything but ends at the last parenthesis.
std::optional<int64_t> start_of(int64_t process_id) {
  std::ifstream file(fmt::format("/proc/{}/stat", process_id));
  std::string text;
  if (!std::getline(file, text) || text.find(')') == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return std::nullopt;
  for (int number = 4; number < 22; ++number) fields >> field;
  int64_t ticks = 0;
  return fields >> ticks ? std::optional(ticks) : std::nullopt;
}

}  // namespace

bool is_alive(const StartRow& writer, const Heartbeat& heartbeat) {
  if (writer.process_id == 0) return false;  // imported: nobody writes it
  if (!this_machine().empty() && writer.machine.text() == this_machine())
    return start_of(writer.process_id) == writer.process_start;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return std::abs(now - heartbeat.time) < static_cast<double>(kHeartbeatIsOld.count());
}

void describe_this_process(StartRow& start) {
  start.host = FixedText<256>(host_name());
  start.machine = FixedText<128>(this_machine());
  start.process_id = getpid();
  start.process_start = start_of(getpid()).value_or(0);
}

}  // namespace lambdaforge::experiments
