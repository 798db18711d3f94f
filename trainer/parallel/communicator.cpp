#include "trainer/parallel/communicator.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace lambdaforge::trainer {

bool started_by_mpi() {
  return std::getenv("OMPI_COMM_WORLD_SIZE") || std::getenv("PMIX_RANK") || std::getenv("PMI_RANK");
}

at::Device choose_device(const Communicator& communicator) {
  if (!at::hasCUDA()) return at::kCPU;
  return {at::kCUDA, static_cast<c10::DeviceIndex>(communicator.local_rank())};
}

int default_threads(int host_processors, int bound_processors, int local_size) {
  return std::max(1, std::min(bound_processors, host_processors / local_size));
}

void use_own_processors(const Communicator& communicator) {
  if (std::getenv("OMP_NUM_THREADS")) return;
  const int host = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t bound;
  const int bound_processors =
      sched_getaffinity(0, sizeof(bound), &bound) == 0 ? CPU_COUNT(&bound) : host;
  at::set_num_threads(default_threads(host, bound_processors, communicator.local_size()));
}

std::unique_ptr<Communicator> make_communicator() {
  if (!started_by_mpi()) return make_local_communicator();
  auto world = make_mpi_communicator();
  return at::hasCUDA() ? make_nccl_communicator(std::move(world)) : std::move(world);
}

}  // namespace lambdaforge::trainer
