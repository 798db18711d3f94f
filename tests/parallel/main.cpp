#include <gtest/gtest.h>

#include "tests/parallel/world.h"

namespace lambdaforge::trainer {
namespace {
std::unique_ptr<Communicator> communicator;
}
Communicator& world() {
  return *communicator;
}
}  // namespace lambdaforge::trainer

// Every rank must fail when one does, or the others would wait for it for ever.
int main(int argc, char** argv) {
  using namespace lambdaforge::trainer;
  testing::InitGoogleTest(&argc, argv);
  communicator = make_mpi_communicator();
  if (world().rank() != 0)
    delete testing::UnitTest::GetInstance()->listeners().Release(
        testing::UnitTest::GetInstance()->listeners().default_result_printer());
  if (RUN_ALL_TESTS() != 0) abort_world();
  world().shut_down();
  return 0;
}
