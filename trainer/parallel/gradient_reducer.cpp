#include "trainer/parallel/gradient_reducer.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>

namespace lambdaforge::trainer {
namespace {

// Every gradient starts on a cache line.
constexpr int64_t kAlignment = 64 / sizeof(float);

int64_t padded(int64_t count) {
  return (count + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

// Autograd calls it each time a parameter's gradient is complete for this backward.
class GradientReducer::Hook : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(GradientReducer& reducer, size_t bucket) : reducer_(reducer), bucket_(bucket) {}
  void operator()(const at::Tensor&) override { reducer_.gradient_ready(bucket_); }

 private:
  GradientReducer& reducer_;
  size_t bucket_;
};

GradientReducer::GradientReducer(std::vector<at::Tensor> parameters, Communicator& communicator,
                                 GradientReducerOptions options)
    : parameters_(std::move(parameters)), communicator_(communicator) {
  fill_buckets(options);
}

GradientReducer::~GradientReducer() {
  for (const at::Tensor& parameter : parameters_)
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

void GradientReducer::fill_buckets(const GradientReducerOptions& options) {
  const int64_t capacity = options.bucket_bytes / static_cast<int64_t>(sizeof(float));
  size_t end = parameters_.size();  // parameters [begin, end) go into the next bucket
  while (end > 0) {
    size_t begin = end;
    int64_t size = 0;
    do size += padded(parameters_[--begin].numel());
    while (begin > 0 && size + padded(parameters_[begin - 1].numel()) <= capacity);

    Bucket bucket{at::zeros({size}, parameters_[begin].options().requires_grad(false)), end - begin,
                  0};
    int64_t offset = 0;
    for (size_t i = begin; i < end; ++i) {
      at::Tensor& parameter = parameters_[i];
      parameter.mutable_grad() =
          bucket.gradients.narrow(0, offset, parameter.numel()).view_as(parameter);
      offset += padded(parameter.numel());
      torch::autograd::impl::set_post_acc_grad_hooks(
          parameter, std::make_unique<Hook>(*this, buckets_.size()));
    }
    buckets_.push_back(std::move(bucket));
    end = begin;
  }
}

void GradientReducer::zero() {
  for (Bucket& bucket : buckets_) {
    bucket.gradients.zero_();
    bucket.num_ready = 0;
  }
  next_to_send_ = 0;
  summing_ = false;
}

void GradientReducer::gradient_ready(size_t bucket) {
  if (!summing_) return;
  ++buckets_[bucket].num_ready;
  send_full_buckets();
  communicator_.progress();
}

void GradientReducer::send_full_buckets() {
  while (next_to_send_ < buckets_.size() &&
         buckets_[next_to_send_].num_ready == buckets_[next_to_send_].num_parameters)
    communicator_.start_sum(buckets_[next_to_send_++].gradients);
}

void GradientReducer::finish() {
  for (; next_to_send_ < buckets_.size(); ++next_to_send_)
    communicator_.start_sum(buckets_[next_to_send_].gradients);
  communicator_.finish_sums();
}

double GradientReducer::norm() const {
  double sum_of_squares = 0;
  for (const Bucket& bucket : buckets_) {
    const double norm = at::linalg_vector_norm(bucket.gradients).item<double>();
    sum_of_squares += norm * norm;
  }
  return std::sqrt(sum_of_squares);
}

}  // namespace lambdaforge::trainer
