#include "experiments/energy/process_tree.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace lambdaforge::experiments::energy {
namespace {

namespace fs = std::filesystem;

// Every thread has a list of the children that it started.
std::vector<pid_t> children_of(const fs::path& process) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& thread : fs::directory_iterator(process / "task", error)) {
    std::ifstream file(thread.path() / "children");
    for (pid_t child; file >> child;) children.push_back(child);
  }
  return children;
}

// Fields 14 to 17 of proc_pid_stat(5), in clock ticks: utime, stime, cutime, cstime. The name of
// the program before them may hold anything, so they are counted from its closing bracket.
double cpu_ticks(const fs::path& process) {
  constexpr int kFieldsBetween = 11;  // field 3 (state) to field 13
  std::ifstream file(process / "stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t end_of_name = text.rfind(')');
  if (end_of_name == text.npos) return 0;
  std::istringstream fields(text.substr(end_of_name + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  std::array<double, 4> ticks{};
  for (double& field : ticks) fields >> field;
  return ticks[0] + ticks[1] + ticks[2] + ticks[3];
}

double resident_pages(const fs::path& process) {
  std::ifstream file(process / "statm");
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident;
}

}  // namespace

ProcessUse use_of_trees(const fs::path& proc, const std::vector<pid_t>& roots) {
  ProcessUse use;
  std::set<pid_t> seen;
  std::vector<pid_t> left = roots;
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    if (!seen.insert(pid).second) continue;
    const fs::path process = proc / std::to_string(pid);
    use.cpu_seconds += cpu_ticks(process);
    use.resident_bytes += resident_pages(process);
    for (const pid_t child : children_of(process)) left.push_back(child);
  }
  use.cpu_seconds /= static_cast<double>(sysconf(_SC_CLK_TCK));
  use.resident_bytes *= static_cast<double>(sysconf(_SC_PAGESIZE));
  return use;
}

}  // namespace lambdaforge::experiments::energy
