#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>
#include <nccl.h>

#include <source_location>

#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {
namespace {

void check_nccl(ncclResult_t result, std::source_location where = std::source_location::current()) {
  if (result == ncclSuccess || result == ncclInProgress) return;
  throw std::runtime_error(fmt::format("NCCL failed in {} ({}:{}): {}; NCCL_DEBUG=INFO shows more",
                                       where.function_name(), where.file_name(), where.line(),
                                       ncclGetErrorString(result)));
}

ncclDataType_t nccl_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    default:
      throw std::invalid_argument(fmt::format("no NCCL type for {}", at::toString(type)));
  }
}

c10::DeviceIndex gpu_of(int local_rank) {
  if (local_rank >= c10::cuda::device_count())
    throw std::runtime_error(
        fmt::format("local rank {} has no GPU: this host shows {}; start as many ranks a host",
                    local_rank, c10::cuda::device_count()));
  return static_cast<c10::DeviceIndex>(local_rank);
}

// Sums of GPU tensors run on a stream of their own. Streams wait for each other by events, the host
// waits for neither.
class NcclCommunicator : public Communicator {
 public:
  explicit NcclCommunicator(std::unique_ptr<Communicator> host)
      : host_(std::move(host)),
        device_(gpu_of(host_->local_rank())),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device_)) {
    c10::cuda::CUDAGuard on_device(device_);
    ncclUniqueId id{};
    if (rank() == 0) check_nccl(ncclGetUniqueId(&id));
    const std::string bytes = host_->broadcast(std::string(id.internal, sizeof(id.internal)));
    std::copy(bytes.begin(), bytes.end(), id.internal);
    check_nccl(ncclCommInitRank(&communicator_, size(), id, rank()));
  }

  int rank() const override { return host_->rank(); }
  int size() const override { return host_->size(); }
  int local_rank() const override { return host_->local_rank(); }
  int local_size() const override { return host_->local_size(); }

  void start_sum(const at::Tensor& values) override {
    if (!values.is_cuda()) return host_->start_sum(values);
    wait_for(stream_, c10::cuda::getCurrentCUDAStream(device_));
    check_nccl(ncclAllReduce(values.const_data_ptr(), values.mutable_data_ptr(), values.numel(),
                             nccl_type(values.scalar_type()), ncclSum, communicator_,
                             stream_.stream()));
  }

  void progress() override { host_->progress(); }  // the GPU needs no poking

  void finish_sums() override {
    host_->finish_sums();
    wait_for(c10::cuda::getCurrentCUDAStream(device_), stream_);
  }

  void broadcast(const at::Tensor& values) override {
    if (!values.is_cuda()) return host_->broadcast(values);
    wait_for(stream_, c10::cuda::getCurrentCUDAStream(device_));
    check_nccl(ncclBroadcast(values.const_data_ptr(), values.mutable_data_ptr(), values.nbytes(),
                             ncclInt8, 0, communicator_, stream_.stream()));
    wait_for(c10::cuda::getCurrentCUDAStream(device_), stream_);
  }

  std::vector<double> sum(std::vector<double> values) override {
    return host_->sum(std::move(values));
  }
  std::string broadcast(std::string text) override { return host_->broadcast(std::move(text)); }
  std::vector<std::string> gather(const std::string& text) override { return host_->gather(text); }

  void shut_down() override {
    c10::cuda::CUDAGuard on_device(device_);
    stream_.synchronize();
    check_nccl(ncclCommDestroy(communicator_));
    host_->shut_down();
  }

 private:
  static void wait_for(const c10::cuda::CUDAStream& waiting, const c10::cuda::CUDAStream& working) {
    at::cuda::CUDAEvent event;
    event.record(working);
    event.block(waiting);
  }

  std::unique_ptr<Communicator> host_;
  c10::DeviceIndex device_;
  c10::cuda::CUDAStream stream_;
  ncclComm_t communicator_ = nullptr;
};

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator> host) {
  return std::make_unique<NcclCommunicator>(std::move(host));
}

}  // namespace lambdaforge::trainer
