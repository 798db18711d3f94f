// The dispatcher. It answers --help, --version and slips itself, at once and without libtorch, and
// hands the work to the program beside it: `lambdaforge train` becomes `lambdaforge-train`, as git
// does it.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "base/suggestion.h"
#include "launch/options.h"
#include "launch/report.h"
#include "launch/version.h"

namespace lambdaforge::launch {
namespace {

std::string overview() {
  std::string text =
      "Lambdaforge trains text rerankers (cross-encoders) on lists of documents.\n\n"
      "Usage: lambdaforge COMMAND ...\n\nCommands:\n";
  for (const Command& command : commands())
    text += fmt::format("  {:<10}{}\n", command.name, command.summary);
  return text +
         "\n'lambdaforge COMMAND --help' explains a command with examples;\n"
         "'lambdaforge --version' names every library's version.\n";
}

const Command& find(const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    known.push_back(command.name);
  }
  throw Answer(kUsageError,
               fmt::format("lambdaforge: {}\n", unknown_name_message("command", name, known)));
}

// Becomes the command's program; returns only by an exception.
[[noreturn]] void start(const Command& command, char** arguments) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = self.parent_path() / ("lambdaforge-" + command.name);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  while (*arguments) argv.push_back(*arguments++);
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw std::runtime_error(fmt::format("cannot start {}: {}; it belongs beside {}", program,
                                       strerror(errno), self.string()));
}

void dispatch(int argc, char** argv) {
  if (argc < 2) throw Answer(kUsageError, overview());
  const std::string word = argv[1];
  if (word == "--help" || word == "-h") throw Answer(0, overview());
  if (word == "--version") throw Answer(0, std::string(kVersionText));
  const Command& command = find(word);
  if (command.check) command.check(Arguments(argv + 2, argv + argc));
  start(command, argv + 2);
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) try {
  lambdaforge::launch::dispatch(argc, argv);
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  // A recipe that is wrong is a wrong command line.
  const bool is_users_fault = dynamic_cast<const std::invalid_argument*>(&error) != nullptr;
  return is_users_fault ? lambdaforge::launch::kUsageError : 1;
}
