#include "trainer/parallel/communicator.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace lambdaforge::trainer {

bool started_by_mpi() {
  return std::getenv("OMPI_COMM_WORLD_SIZE") || std::getenv("PMIX_RANK") || std::getenv("PMI_RANK");
}

at::Device choose_device(const Communicator& communicator) {
  if (!at::hasCUDA()) return at::kCPU;
  return {at::kCUDA, static_cast<c10::DeviceIndex>(communicator.local_rank())};
}

std::unique_ptr<Communicator> make_communicator() {
  if (!started_by_mpi()) return make_local_communicator();
  auto world = make_mpi_communicator();
  return at::hasCUDA() ? make_nccl_communicator(std::move(world)) : std::move(world);
}

}  // namespace lambdaforge::trainer
