#include "models/work.h"

#include <ATen/ATen.h>

#include <chrono>

namespace lambdaforge::models {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kRows = 2048;
constexpr double kSeconds = 0.4;

// One product with each of a layer's weights [out, in].
class LayerProducts {
 public:
  LayerProducts(const BertConfig& config, at::Device device) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    const int64_t hidden = config.hidden_size, intermediate = config.intermediate_size;
    for (const auto& [out, in] : {std::pair(3 * hidden, hidden), std::pair(hidden, hidden),
                                  std::pair(intermediate, hidden), std::pair(hidden, intermediate)})
      products_.push_back({at::ones({kRows, in}, options), at::ones({out, in}, options),
                           at::empty({kRows, out}, options)});
  }

  void run() {
    for (Product& product : products_) at::mm_out(product.result, product.x, product.weight.t());
    // A device runs behind the host; reading a number waits for it.
    if (!products_.front().x.is_cpu()) products_.back().result[0][0].item<float>();
  }

  double flops() const {
    double flops = 0;
    for (const Product& product : products_)
      flops += 2.0 * static_cast<double>(kRows * product.weight.numel());
    return flops;
  }

 private:
  struct Product {
    at::Tensor x, weight, result;
  };
  std::vector<Product> products_;
};

}  // namespace

double forward_flops(const CrossEncoderConfig& config, std::span<const int64_t> pair_offsets) {
  const auto layers = static_cast<double>(config.bert.num_hidden_layers);
  const auto hidden = static_cast<double>(config.bert.hidden_size);
  const auto intermediate = static_cast<double>(config.bert.intermediate_size);
  // Multiplications of a row, each with its addition: two operations.
  const double key_value = 2 * hidden * hidden;
  const double rest_of_layer = 2 * hidden * hidden + 2 * hidden * intermediate;  // query included
  const double head = hidden * hidden + hidden * static_cast<double>(config.num_labels);
  double multiplications = 0;
  for (size_t pair = 0; pair + 1 < pair_offsets.size(); ++pair) {
    const auto length = static_cast<double>(pair_offsets[pair + 1] - pair_offsets[pair]);
    const double queries = length * (layers - 1) + 1;  // over all layers
    multiplications += layers * length * key_value + queries * rest_of_layer +
                       queries * length * 2 * hidden + head;
  }
  return 2 * multiplications;
}

double measure_peak_rate(const BertConfig& config, at::Device device) {
  const at::NoGradGuard no_grad;
  LayerProducts products(config, device);
  products.run();  // what the first call prepares is not timed
  double best_seconds = kSeconds;
  for (const auto start = Clock::now();
       Clock::now() < start + std::chrono::duration<double>(kSeconds);) {
    const auto begin = Clock::now();
    products.run();
    best_seconds =
        std::min(best_seconds, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return products.flops() / best_seconds;
}

}  // namespace lambdaforge::models
