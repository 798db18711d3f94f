// lambdaforge runs: what the runs' files say. Loads no libtorch.
#include "launch/runs.h"

#include "launch/report.h"

int main(int argc, char** argv) try {
  using namespace lambdaforge::launch;
  std::visit([](const auto& options) { run(options); },
             parse_runs(Arguments(argv + 1, argv + argc)));
  return 0;
} catch (const lambdaforge::launch::Answer& answer) {
  return answer.give();
} catch (const std::exception& error) {
  lambdaforge::launch::report(error);
  return 1;
}
