#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <source_location>

#include "base/process.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {
namespace {

void check_mpi(int code, std::source_location where = std::source_location::current()) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0, rank = -1;
  MPI_Error_string(code, text.data(), &length);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  throw std::runtime_error(fmt::format("MPI failed in {} ({}:{}), rank {} on {}: {}",
                                       where.function_name(), where.file_name(), where.line(), rank,
                                       host_name(), std::string(text.data(), length)));
}

int checked_count(int64_t count) {
  if (count > INT_MAX)
    throw std::invalid_argument(
        fmt::format("{} values in one MPI call; it takes {}", count, INT_MAX));
  return static_cast<int>(count);
}

class MpiCommunicator : public Communicator {
 public:
  MpiCommunicator() {
    int provided = 0;
    // Only the training thread calls MPI, but the tracker and the prefetch thread exist beside it.
    check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
    check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
    check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_));
    MPI_Comm node = MPI_COMM_NULL;
    check_mpi(
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node));
    check_mpi(MPI_Comm_rank(node, &local_rank_));
    check_mpi(MPI_Comm_size(node, &local_size_));
    check_mpi(MPI_Comm_free(&node));
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int local_rank() const override { return local_rank_; }
  int local_size() const override { return local_size_; }

  void start_sum(const at::Tensor& values) override {
    check_mpi(MPI_Iallreduce(MPI_IN_PLACE, values.mutable_data_ptr<float>(),
                             checked_count(values.numel()), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD,
                             &requests_.emplace_back()));
  }

  void progress() override {
    if (requests_.empty()) return;
    int done = 0;
    check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done,
                          MPI_STATUSES_IGNORE));
    if (done) requests_.clear();
  }

  void finish_sums() override {
    check_mpi(
        MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE));
    requests_.clear();
  }

  void broadcast(const at::Tensor& values) override {
    check_mpi(MPI_Bcast(values.mutable_data_ptr(),
                        checked_count(static_cast<int64_t>(values.nbytes())), MPI_BYTE, 0,
                        MPI_COMM_WORLD));
  }

  std::vector<double> sum(std::vector<double> values) override {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, values.data(),
                            checked_count(static_cast<int64_t>(values.size())), MPI_DOUBLE, MPI_SUM,
                            MPI_COMM_WORLD));
    return values;
  }

  std::string broadcast(std::string text) override {
    uint64_t size = text.size();
    check_mpi(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD));
    text.resize(size);
    check_mpi(MPI_Bcast(text.data(), checked_count(static_cast<int64_t>(size)), MPI_BYTE, 0,
                        MPI_COMM_WORLD));
    return text;
  }

  std::vector<std::string> gather(const std::string& text) override {
    const int length = checked_count(static_cast<int64_t>(text.size()));
    std::vector<int> lengths(static_cast<size_t>(size_)), begins;
    check_mpi(MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD));
    int64_t total = 0;
    for (const int each : lengths) {
      begins.push_back(checked_count(total));
      total += each;
    }
    std::string all(static_cast<size_t>(checked_count(total)), '\0');
    check_mpi(MPI_Allgatherv(text.data(), length, MPI_BYTE, all.data(), lengths.data(),
                             begins.data(), MPI_BYTE, MPI_COMM_WORLD));
    std::vector<std::string> texts;
    for (size_t i = 0; i < lengths.size(); ++i)
      texts.push_back(all.substr(static_cast<size_t>(begins[i]), static_cast<size_t>(lengths[i])));
    return texts;
  }

  void shut_down() override { check_mpi(MPI_Finalize()); }

 private:
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  std::vector<MPI_Request> requests_;
};

}  // namespace

std::unique_ptr<Communicator> make_mpi_communicator() {
  return std::make_unique<MpiCommunicator>();
}

void abort_world(int exit_code) {
  int initialised = 0, finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (initialised && !finalised) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::exit(exit_code);
}

}  // namespace lambdaforge::trainer
