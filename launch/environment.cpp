#include "launch/environment.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "launch/commit.h"
#include "launch/version.h"

namespace lambdaforge::launch {
namespace {

std::string command_line(const Arguments& arguments) {
  std::string line = "lambdaforge train";
  for (const std::string& argument : arguments) {
    const bool is_plain =
        argument.find_first_of(" \t\n'\"\\$&|;<>()*?[]#~`!{}") == std::string::npos;
    line += is_plain && !argument.empty() ? " " + argument : fmt::format(" '{}'", argument);
  }
  return line;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_environment(const Arguments& arguments) {
  utsname system{};
  uname(&system);
  const char* user = std::getenv("USER");
  std::vector<std::pair<std::string, std::string>> environment = {
      {"command", command_line(arguments)},
      {"working_directory", std::filesystem::current_path().string()},
      {"host", system.nodename},
      {"user", user ? user : ""},
      {"operating_system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
      {"processor", processor_name()}};
  if (!kCommit.empty()) environment.emplace_back("commit", kCommit);
  std::istringstream versions{std::string(kVersionText)};
  for (std::string line; std::getline(versions, line);) {
    line.erase(0, line.find_first_not_of(' '));
    const size_t space = line.rfind(' ');
    environment.emplace_back("version." + line.substr(0, space), line.substr(space + 1));
  }
  return environment;
}

}  // namespace lambdaforge::launch
