// lambdaforge train: runs a recipe, alone or as one rank of a world that mpirun started.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/error_text.h"
#include "experiments/sinks/json.h"
#include "experiments/sinks/registry.h"
#include "launch/environment.h"
#include "launch/memory.h"
#include "launch/program.h"
#include "launch/report.h"
#include "launch/result_table.h"
#include "trainer/config.h"
#include "trainer/run_journal.h"
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

// With --json standard output is the JSON's alone. It comes first and so is finished last, as the
// console is: what the other sinks say at the end is told too.
std::vector<std::unique_ptr<experiments::Sink>> build_sinks(
    const TrainOptions& options, experiments::TrackingOptions tracking,
    const experiments::SinkContext& context) {
  if (!options.json) return experiments::build_sinks(tracking, context);
  tracking.console = false;
  auto sinks = experiments::build_sinks(tracking, context);
  if (context.rank == 0)
    sinks.insert(sinks.begin(), std::make_unique<experiments::JsonSink>(context.console));
  return sinks;
}

void tell_end(const experiments::RunResult& end) {
  std::cout << experiments::end_line(std::chrono::system_clock::now(), end) << std::flush;
}

// All ranks find a loss that is not finite in the same step; then rank 0 has much to finish.
[[noreturn]] void fail(const experiments::RunResult& end) {
  using std::chrono::seconds;
  report(end.reason, end.outcome == experiments::Outcome::kDiverged ? seconds(60) : kPatience);
  trainer::abort_world(experiments::exit_code(end.outcome));
}

int run(const TrainOptions& options, const trainer::Environment& environment) {
  const trainer::Config config = trainer::load_config(options.recipe, options.overrides);
  if (options.check) {
    trainer::check_recipe(config);
    return experiments::exit_code(experiments::Outcome::kDone);
  }
  const auto communicator = trainer::make_communicator();
  trainer::use_own_processors(*communicator);
  const bool is_main = communicator->rank() == 0;
  // One write a sentence, so that those of several threads and ranks do not mix.
  const auto tell = [](const std::string& sentence) { std::cerr << sentence + "\n" << std::flush; };
  trainer::TrainResult result;
  {
    experiments::Tracker tracker(build_sinks(options, config.tracking,
                                             {std::cout, output_is_terminal(), communicator->rank(),
                                              communicator->local_rank(), tell}),
                                 {.on_problem = tell});
    result = trainer::train(config, *communicator, tracker, environment);
  }
  const experiments::Outcome outcome = result.end.outcome;
  if (is_main && options.json)
    tell_end(result.end);
  else if (is_main && outcome == experiments::Outcome::kDone)
    print(result_table(result));
  // Only these are ends that all ranks have come to.
  if (outcome != experiments::Outcome::kDone && outcome != experiments::Outcome::kStopped)
    fail(result.end);
  if (is_main && outcome == experiments::Outcome::kDone)
    finish_output();  // while an error can still end the world
  communicator->shut_down();
  return experiments::exit_code(outcome);
}

// What goes wrong before there is a run.
[[noreturn]] void fail(const TrainOptions& options, const std::exception& error) {
  experiments::RunResult end;
  end.outcome = trainer::outcome_of(error);
  end.reason = error_text(error);
  if (options.json && is_first_rank()) tell_end(end);
  fail(end);
}

int train(const Arguments& arguments) {
  const TrainOptions options = parse_train(arguments);
  try {
    return run(options, describe_environment(arguments));
  } catch (const std::exception& error) {
    fail(options, error);
  }
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  using namespace lambdaforge;
  launch::keep_freed_memory();
  // A file-size limit is a failed write, like a full disk, not a death.
  std::signal(SIGXFSZ, SIG_IGN);
  return launch::run_program(argc, argv, launch::train,
                             [](const std::exception&) -> int { trainer::abort_world(); });
}
