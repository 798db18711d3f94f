// Short-lived float buffers that a thread keeps from block to block and from step to step.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace lambdaforge::models {

// Hands out buffers in the order of the calls; the next Scratch of the thread gets the same memory
// again. Only one may be alive on a thread. Contents are undefined.
class Scratch {
 public:
  float* take(size_t count) {
    auto& buffers = thread_buffers();
    if (next_ == buffers.size()) buffers.emplace_back();
    Buffer& buffer = buffers[next_++];
    if (buffer.count < count) buffer = allocate(count);
    return buffer.data.get();
  }

 private:
  struct Free {
    void operator()(float* data) const { ::operator delete[](data, kAlignment); }
  };
  struct Buffer {
    std::unique_ptr<float[], Free> data;
    size_t count = 0;
  };
  static constexpr std::align_val_t kAlignment{64};

  static Buffer allocate(size_t count) {
    auto* data = static_cast<float*>(::operator new[](count * sizeof(float), kAlignment));
    return {std::unique_ptr<float[], Free>(data), count};
  }
  static std::vector<Buffer>& thread_buffers() {
    thread_local std::vector<Buffer> buffers;
    return buffers;
  }

  size_t next_ = 0;
};

}  // namespace lambdaforge::models
