#include "models/ops/dropout.h"

#include "models/ops/dropout_mask.h"

namespace lambdaforge::models {
namespace {

at::Tensor draw_on_cpu(const Packing& packing, const DropoutSite& site, int64_t width) {
  const int64_t rows = packing.pair_offsets.back();
  at::Tensor multipliers = at::empty({rows, width}, at::kFloat);
  std::vector<float> buffer(dropout_buffer_size(width));
  RowDropout drawn(packing, site, width, 0, buffer.data());
  for (int64_t row = 0; row < rows; ++row)
    std::copy_n(drawn.next(), width, multipliers.mutable_data_ptr<float>() + row * width);
  return multipliers;
}

at::Tensor draw_anywhere(const Packing& packing, const DropoutSite& site, int64_t width,
                         at::Device device) {
  std::vector<at::Tensor> parts;
  for (int64_t pair = 0; pair < packing.num_pairs(); ++pair) {
    const int64_t rows = packing.pair_offsets[pair + 1] - packing.pair_offsets[pair];
    parts.push_back(dropout_multipliers(site, packing.pair_keys[pair], rows * width, device));
  }
  return at::cat(parts).view({-1, width});
}

}  // namespace

at::Tensor dropout(const at::Tensor& x, const Packing& packing, const DropoutSite& site) {
  if (site.probability <= 0 || packing.num_pairs() == 0) return x;
  const at::Tensor multipliers = x.is_cpu() ? draw_on_cpu(packing, site, x.size(1))
                                            : draw_anywhere(packing, site, x.size(1), x.device());
  return x * multipliers.to(x.scalar_type());
}

RowDropout::RowDropout(const Packing& packing, const DropoutSite& site, int64_t width,
                       int64_t first_row, float* buffer)
    : packing_(packing), site_(site), width_(width), row_(first_row), buffer_(buffer) {
  const auto& offsets = packing.pair_offsets;
  pair_ = std::upper_bound(offsets.begin(), offsets.end(), first_row) - offsets.begin() - 1;
}

const float* RowDropout::next() {
  if (site_.probability <= 0) return nullptr;
  while (row_ >= packing_.pair_offsets[pair_ + 1]) ++pair_;
  const int64_t row_in_pair = row_++ - packing_.pair_offsets[pair_];
  return draw_dropout(site_, packing_.pair_keys[pair_], row_in_pair * width_, width_, buffer_);
}

}  // namespace lambdaforge::models
