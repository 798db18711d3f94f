// Gradients of an op's parameters, added up by every thread on its own and summed at the end.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <vector>

namespace lambdaforge::models {

class GradientParts {
 public:
  explicit GradientParts(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
    for (const at::Tensor& parameter : parameters_) {
      offsets_.push_back(size_);
      size_ += (parameter.numel() + kAlignment - 1) / kAlignment * kAlignment;
    }
    parts_ = at::zeros({at::get_num_threads(), size_},
                       parameters_.front().options().requires_grad(false));
  }

  // The calling thread's part of the gradient of parameter `index`; starts at zero.
  float* of(size_t index) {
    return parts_.mutable_data_ptr<float>() + at::get_thread_num() * size_ + offsets_[index];
  }

  // One tensor for each parameter, over all threads.
  std::vector<at::Tensor> sum() const {
    const at::Tensor total = parts_.size(0) == 1 ? parts_[0] : parts_.sum(0);
    std::vector<at::Tensor> gradients;
    for (size_t i = 0; i < parameters_.size(); ++i)
      gradients.push_back(
          total.narrow(0, offsets_[i], parameters_[i].numel()).view_as(parameters_[i]));
    return gradients;
  }

 private:
  static constexpr int64_t kAlignment = 16;  // floats of a cache line

  std::vector<at::Tensor> parameters_;
  std::vector<int64_t> offsets_;
  int64_t size_ = 0;
  at::Tensor parts_;  // [threads, size_]
};

}  // namespace lambdaforge::models
