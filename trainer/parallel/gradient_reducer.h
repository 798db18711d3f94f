// Gradients in flat buckets, added up over all ranks while backward still runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

struct GradientReducerOptions {
  int64_t bucket_bytes = 25 << 20;
};

// Owns the gradients of `parameters`: each is a view of a flat bucket. Buckets are filled in
// reverse parameter order, because backward reaches the last layer first, and are sent strictly in
// that order, so every rank sends the same sequence. Usage, a step:
//   reducer.zero();
//   for each micro-batch: if (last) reducer.sum_in_next_backward(); backward(loss);
//   reducer.finish();
class GradientReducer {
 public:
  GradientReducer(std::vector<at::Tensor> parameters, Communicator& communicator,
                  GradientReducerOptions options = {});
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  void zero();
  void sum_in_next_backward() { summing_ = true; }
  // Sends what backward did not reach (a rank without work sends zeros) and waits for every sum.
  void finish();

  // sqrt of the sum of the squares of all gradients.
  double norm() const;

 private:
  class Hook;
  struct Bucket {
    at::Tensor gradients;  // flat float32
    size_t num_parameters = 0;
    size_t num_ready = 0;
  };

  void fill_buckets(const GradientReducerOptions& options);
  void gradient_ready(size_t bucket);
  void send_full_buckets();

  std::vector<at::Tensor> parameters_;
  Communicator& communicator_;
  std::vector<Bucket> buckets_;
  size_t next_to_send_ = 0;
  bool summing_ = false;
};

}  // namespace lambdaforge::trainer
