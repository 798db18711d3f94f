// lambdaforge train: runs a recipe, alone or as one rank of a world that mpirun started.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "experiments/sinks/registry.h"
#include "launch/environment.h"
#include "launch/memory.h"
#include "launch/options.h"
#include "launch/report.h"
#include "launch/result_table.h"
#include "trainer/config.h"
#include "trainer/trainer.h"

namespace lambdaforge::launch {
namespace {

// mpirun gives its ranks a terminal of their own and passes on what they write; where that ends up
// is known by what mpirun, the parent, has as its standard output.
bool output_is_terminal() {
  if (!trainer::started_by_mpi()) return isatty(STDOUT_FILENO) == 1;
  const std::string parents_output = fmt::format("/proc/{}/fd/1", getppid());
  const int descriptor = open(parents_output.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_terminal = isatty(descriptor) == 1;
  close(descriptor);
  return is_terminal;
}

int run(const TrainOptions& options, const trainer::Environment& environment) {
  const trainer::Config config = trainer::load_config(options.recipe, options.overrides);
  const auto communicator = trainer::make_communicator();
  trainer::use_own_processors(*communicator);
  const bool is_main = communicator->rank() == 0;
  // One write a sentence, so that those of several threads and ranks do not mix.
  const auto tell = [](const std::string& sentence) { std::cerr << sentence + "\n" << std::flush; };
  trainer::TrainResult result;
  {
    experiments::Tracker tracker(
        experiments::build_sinks(config.tracking,
                                 {std::cout, output_is_terminal(), communicator->rank(),
                                  communicator->local_rank(), tell}),
        {.on_problem = tell});
    result = trainer::train(config, *communicator, tracker, environment);
  }
  if (is_main) std::cout << result_table(result) << std::flush;
  communicator->shut_down();
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) try {
  using namespace lambdaforge::launch;
  keep_freed_memory();
  // A file-size limit is a failed write, like a full disk, not a death.
  std::signal(SIGXFSZ, SIG_IGN);
  const Arguments arguments(argv + 1, argv + argc);
  return run(parse_train(arguments), describe_environment(arguments));
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  lambdaforge::trainer::abort_world();
}
