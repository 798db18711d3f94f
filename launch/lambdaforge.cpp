// The dispatcher. It answers --help, --version and slips itself, at once and without libtorch, and
// hands the work to the program beside it: `lambdaforge train` becomes `lambdaforge-train`, as git
// does it.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "base/suggestion.h"
#include "launch/program.h"
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
[[noreturn]] void start(const Command& command, const Arguments& arguments) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string program = self.parent_path() / ("lambdaforge-" + command.name);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw std::runtime_error(fmt::format("cannot start {}: {}; it belongs beside {}", program,
                                       strerror(errno), self.string()));
}

int dispatch(const Arguments& words) {
  if (words.empty()) throw Answer(kUsageError, overview());
  const std::string& word = words.front();
  if (word == "--help" || word == "-h") throw Answer(0, overview());
  if (word == "--version") throw Answer(0, std::string(kVersionText));
  const Command& command = find(word);
  const Arguments arguments(words.begin() + 1, words.end());
  if (command.check) command.check(arguments);
  start(command, arguments);
}

// A recipe that is wrong is a wrong command line.
int exit_code_of(const std::exception& error) {
  const bool is_users_fault = dynamic_cast<const std::invalid_argument*>(&error) != nullptr;
  return is_users_fault ? kUsageError : 1;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  using namespace lambdaforge::launch;
  return run_program(argc, argv, dispatch, exit_code_of);
}
