#include "models/ops/dropout_mask.h"

#include <immintrin.h>

#include "models/ops/philox.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kLanes = kDropoutGroup / 8;  // Philox blocks of a group: each decides 8 elements

// Half a word below the threshold drops its element.
uint32_t drop_threshold(double probability) {
  return static_cast<uint32_t>(std::clamp(std::round(probability * 65536.0), 0.0, 65535.0));
}

double kept_multiplier(double probability) {
  return 65536.0 / (65536.0 - drop_threshold(probability));
}

uint32_t site_word(const DropoutSite& site) {
  return site.layer << 8 | site.site;
}

// What is common to all groups of one call.
struct Draw {
  uint32_t pair_key, step, site;
  uint64_t seed;
  uint32_t threshold;
  float kept;
};

// Group g takes the blocks [16 g, 16 g + 16); of its block b, the lower half of word w decides
// element 32 w + b, the upper half element 32 w + 16 + b: sixteen blocks side by side need no
// shuffle at the end.
void draw_groups(const Draw& draw, uint32_t first_block, int64_t groups, float* multipliers) {
  for (int64_t group = 0; group < groups; ++group, multipliers += kDropoutGroup)
    for (uint32_t lane = 0; lane < kLanes; ++lane, ++first_block) {
      const PhiloxBlock words =
          philox({first_block, draw.pair_key, draw.step, draw.site}, draw.seed);
      for (size_t word = 0; word < words.size(); ++word) {
        float* out = multipliers + 2 * kLanes * word + lane;
        out[0] = (words[word] & 0xFFFF) < draw.threshold ? 0.0f : draw.kept;
        out[kLanes] = (words[word] >> 16) < draw.threshold ? 0.0f : draw.kept;
      }
    }
}

#ifdef __x86_64__
// The same with eight blocks at a time. Each word lies in a 64-bit lane, whose upper half may hold
// anything: the multiplication reads the lower half alone.
[[gnu::target("avx2")]] void draw_groups_avx2(const Draw& draw, uint32_t first_block,
                                              int64_t groups, float* multipliers) {
  const __m256i multiplier0 = _mm256_set1_epi64x(kPhiloxMultiplier0);
  const __m256i multiplier1 = _mm256_set1_epi64x(kPhiloxMultiplier1);
  const __m256i lower_half = _mm256_set1_epi32(0xFFFF);
  const __m256i threshold = _mm256_set1_epi32(static_cast<int32_t>(draw.threshold));
  const __m256 kept = _mm256_set1_ps(draw.kept);
  for (int64_t half = 0; half < 2 * groups; ++half, first_block += 8) {
    __m256i words[4][2];  // [word][even blocks, odd blocks]
    for (int odd = 0; odd < 2; ++odd) {
      words[0][odd] = _mm256_add_epi64(_mm256_set1_epi64x(first_block),
                                       _mm256_set_epi64x(6 + odd, 4 + odd, 2 + odd, odd));
      words[1][odd] = _mm256_set1_epi64x(draw.pair_key);
      words[2][odd] = _mm256_set1_epi64x(draw.step);
      words[3][odd] = _mm256_set1_epi64x(draw.site);
    }
    uint32_t key0 = static_cast<uint32_t>(draw.seed);
    uint32_t key1 = static_cast<uint32_t>(draw.seed >> 32);
    for (int round = 0; round < kPhiloxRounds; ++round) {
      const __m256i round_key0 = _mm256_set1_epi64x(key0), round_key1 = _mm256_set1_epi64x(key1);
      for (int odd = 0; odd < 2; ++odd) {
        const __m256i product0 = _mm256_mul_epu32(words[0][odd], multiplier0);
        const __m256i product1 = _mm256_mul_epu32(words[2][odd], multiplier1);
        words[0][odd] = _mm256_xor_si256(
            _mm256_xor_si256(_mm256_srli_epi64(product1, 32), words[1][odd]), round_key0);
        words[1][odd] = product1;
        words[2][odd] = _mm256_xor_si256(
            _mm256_xor_si256(_mm256_srli_epi64(product0, 32), words[3][odd]), round_key1);
        words[3][odd] = product0;
      }
      key0 += kPhiloxWeyl0;
      key1 += kPhiloxWeyl1;
    }
    float* out = multipliers + half / 2 * kDropoutGroup + half % 2 * 8;
    const auto store = [&](float* to, __m256i drawn) __attribute__((target("avx2"))) {
      const __m256i drops = _mm256_cmpgt_epi32(threshold, drawn);
      _mm256_storeu_ps(to, _mm256_andnot_ps(_mm256_castsi256_ps(drops), kept));
    };
    for (int word = 0; word < 4; ++word) {
      const __m256i drawn =
          _mm256_blend_epi32(words[word][0], _mm256_slli_epi64(words[word][1], 32), 0b10101010);
      store(out + 2 * kLanes * word, _mm256_and_si256(drawn, lower_half));
      store(out + 2 * kLanes * word + kLanes, _mm256_srli_epi32(drawn, 16));
    }
  }
}

const auto draw_groups_here = __builtin_cpu_supports("avx2") ? draw_groups_avx2 : draw_groups;
#else
constexpr auto draw_groups_here = draw_groups;
#endif

}  // namespace

const float* draw_dropout(const DropoutSite& site, uint32_t pair_key, int64_t first, int64_t count,
                          float* buffer) {
  const Draw draw{pair_key,
                  site.key.step,
                  site_word(site),
                  site.key.seed,
                  drop_threshold(site.probability),
                  static_cast<float>(kept_multiplier(site.probability))};
  const int64_t first_group = first / kDropoutGroup;
  const int64_t end_group = (first + count + kDropoutGroup - 1) / kDropoutGroup;
  draw_groups_here(draw, static_cast<uint32_t>(first_group * kLanes), end_group - first_group,
                   buffer);
  return buffer + first % kDropoutGroup;
}

// philox() written with int64 tensors: every word lies in [0, 2^32), products wrap as unsigned ones
// do.
at::Tensor dropout_multipliers(const DropoutSite& site, uint32_t pair_key, int64_t count,
                               at::Device device) {
  constexpr int64_t kWord = 0xFFFFFFFF;
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const int64_t groups = (count + kDropoutGroup - 1) / kDropoutGroup;
  const int64_t blocks = groups * kLanes;
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
  const at::Tensor words = at::stack(counter).view({4, groups, kLanes});
  const at::Tensor halves =  // [groups, 4 words, 2 halves, 16 lanes] -> [count]
      at::stack({words.bitwise_and(0xFFFF), at::bitwise_right_shift(words, 16)}, 1)
          .permute({2, 0, 1, 3})
          .flatten()
          .narrow(0, 0, count);
  return halves.ge(int64_t{drop_threshold(site.probability)}).to(at::kFloat) *
         kept_multiplier(site.probability);
}

}  // namespace lambdaforge::models
