#include "models/ops/dropout.h"

#include <ATen/Parallel.h>

#include "models/ops/held.h"
#include "models/ops/philox.h"

namespace lambdaforge::models {
namespace {

// A word below the threshold drops its element: P(drop) = threshold / 2^32.
uint32_t drop_threshold(double probability) {
  return static_cast<uint32_t>(std::min(probability * 4294967296.0, 4294967295.0));
}

uint32_t site_word(const DropoutSite& site) {
  return site.layer << 8 | site.site;
}

at::Tensor apply_multipliers(const at::Tensor& x, const Packing& packing, const DropoutSite& site) {
  at::Tensor result = at::empty_like(x);
  const int64_t width = x.size(1);
  const float* from = x.const_data_ptr<float>();
  float* to = result.mutable_data_ptr<float>();
  at::parallel_for(0, packing.num_pairs(), 1, [&](int64_t first, int64_t last) {
    for (int64_t pair = first; pair < last; ++pair) {
      const int64_t begin = packing.pair_offsets[pair] * width;
      const int64_t count = packing.pair_offsets[pair + 1] * width - begin;
      fill_dropout_multipliers(site, packing.pair_keys[pair], to + begin, count);
      for (int64_t i = begin; i < begin + count; ++i) to[i] *= from[i];
    }
  });
  return result;
}

at::Tensor apply_multipliers_anywhere(const at::Tensor& x, const Packing& packing,
                                      const DropoutSite& site) {
  std::vector<at::Tensor> parts;
  for (int64_t pair = 0; pair < packing.num_pairs(); ++pair) {
    const int64_t rows = packing.pair_offsets[pair + 1] - packing.pair_offsets[pair];
    parts.push_back(
        dropout_multipliers(site, packing.pair_keys[pair], rows * x.size(1), x.device()));
  }
  return x * at::cat(parts).view_as(x);
}

at::Tensor drop(const at::Tensor& x, const Packing& packing, const DropoutSite& site) {
  return x.is_cpu() && x.scalar_type() == at::kFloat
             ? apply_multipliers(x.contiguous(), packing, site)
             : apply_multipliers_anywhere(x.contiguous(), packing, site);
}

class Dropout : public torch::autograd::Function<Dropout> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const PackingPtr& packing, const DropoutSite& site) {
    context->saved_data["packing"] = hold(packing);
    context->saved_data["site"] = hold(site);
    return drop(x, *packing, site);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto packing = held<PackingPtr>(context->saved_data["packing"]);
    const auto site = held<DropoutSite>(context->saved_data["site"]);
    return {drop(gradients[0], *packing, site), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

void fill_dropout_multipliers(const DropoutSite& site, uint32_t pair_key, float* multipliers,
                              int64_t count) {
  const uint32_t threshold = drop_threshold(site.probability);
  const float kept = static_cast<float>(1.0 / (1.0 - site.probability));
  for (int64_t i = 0; i < count; i += 4) {
    const PhiloxBlock words = philox(
        {static_cast<uint32_t>(i / 4), pair_key, site.key.step, site_word(site)}, site.key.seed);
    for (int64_t j = 0; j < std::min<int64_t>(4, count - i); ++j)
      multipliers[i + j] = words[j] < threshold ? 0.0f : kept;
  }
}

// philox() written with int64 tensors: every word lies in [0, 2^32), products wrap as unsigned ones
// do.
at::Tensor dropout_multipliers(const DropoutSite& site, uint32_t pair_key, int64_t count,
                               at::Device device) {
  constexpr int64_t kWord = 0xFFFFFFFF;
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const int64_t blocks = (count + 3) / 4;
  std::vector<at::Tensor> counter = {at::arange(blocks, options),
                                     at::full({blocks}, int64_t{pair_key}, options),
                                     at::full({blocks}, int64_t{site.key.step}, options),
                                     at::full({blocks}, int64_t{site_word(site)}, options)};
  uint32_t key0 = static_cast<uint32_t>(site.key.seed);
  uint32_t key1 = static_cast<uint32_t>(site.key.seed >> 32);
  const auto high = [](const at::Tensor& product) {
    return at::bitwise_right_shift(product, 32).bitwise_and(kWord);
  };
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const at::Tensor product0 = counter[0] * int64_t{kPhiloxMultiplier0};
    const at::Tensor product1 = counter[2] * int64_t{kPhiloxMultiplier1};
    counter = {high(product1).bitwise_xor(counter[1]).bitwise_xor(int64_t{key0}),
               product1.bitwise_and(kWord),
               high(product0).bitwise_xor(counter[3]).bitwise_xor(int64_t{key1}),
               product0.bitwise_and(kWord)};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  const at::Tensor words = at::stack(counter, 1).flatten().narrow(0, 0, count);
  return words.ge(int64_t{drop_threshold(site.probability)}).to(at::kFloat) /
         (1.0 - site.probability);
}

at::Tensor dropout(const at::Tensor& x, const PackingPtr& packing, const DropoutSite& site) {
  return site.probability > 0 ? Dropout::apply(x, packing, site) : x;
}

}  // namespace lambdaforge::models
