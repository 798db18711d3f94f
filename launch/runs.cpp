// lambdaforge runs: what the runs' files say. Loads no libtorch.
#include "launch/runs.h"

#include "launch/program.h"

namespace lambdaforge::launch {
namespace {

int runs(const Arguments& arguments) {
  std::visit([](const auto& options) { run(options); }, parse_runs(arguments));
  return 0;
}

}  // namespace
}  // namespace lambdaforge::launch

int main(int argc, char** argv) {
  return lambdaforge::launch::run_program(argc, argv, lambdaforge::launch::runs);
}
