// What ranks say to each other. One rank and many go through the same calls; only the
// implementation differs.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

namespace lambdaforge::trainer {

// Every call is collective: all ranks make the same calls in the same order. Errors of the
// transport are thrown as std::runtime_error that names the call, the rank and the host.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual int local_rank() const = 0;  // among the ranks of this host
  virtual int local_size() const = 0;  // ranks of this host

  // Starts adding up `values` (contiguous float32) over all ranks, in place, and returns before it
  // is done: compute goes on meanwhile. The memory must stay untouched until finish_sums().
  virtual void start_sum(const at::Tensor& values) = 0;
  // Moves started sums on. MPI works only inside its calls, so a long computation calls this now
  // and then.
  virtual void progress() = 0;
  // Returns when every started sum is done (on a GPU: when later work of the current stream will
  // see it).
  virtual void finish_sums() = 0;

  // Every rank gets rank 0's values (contiguous).
  virtual void broadcast(const at::Tensor& values) = 0;

  // Sums of a few host numbers, the same on every rank.
  virtual std::vector<double> sum(std::vector<double> values) = 0;
  // Every rank gets rank 0's text.
  virtual std::string broadcast(std::string text) = 0;
  // Every rank gets every rank's text, by rank.
  virtual std::vector<std::string> gather(const std::string& text) = 0;

  void barrier() { sum({0.0}); }

  // Ends the transport. Call it once, on success only: after an error the world is aborted instead.
  virtual void shut_down() = 0;
};

// MPI where the program was started by mpirun or srun, with NCCL for tensors on a GPU; else a world
// of one.
std::unique_ptr<Communicator> make_communicator();

std::unique_ptr<Communicator> make_local_communicator();
std::unique_ptr<Communicator> make_mpi_communicator();
// Tensors on a GPU go through NCCL, the rest through `host`. Takes the GPU of the host's local
// rank.
std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator> host);

// Whether mpirun or srun started this process.
bool started_by_mpi();

// Threads for a rank: its share of the host's processors, and no more than it is bound to.
int default_threads(int host_processors, int bound_processors, int local_size);

// Sets this process' threads to that, unless OMP_NUM_THREADS says how many. To be called before the
// first computation.
void use_own_processors(const Communicator& communicator);

// Ends every rank of the world at once with this exit code; with no world, only this process. For
// main()'s last catch.
[[noreturn]] void abort_world(int exit_code = 1);

// Where parameters live: the GPU of this local rank, or the CPU where there is none.
at::Device choose_device(const Communicator& communicator);

}  // namespace lambdaforge::trainer
