// Speed of the packed ops at the sizes of a training step of MiniLM-L6: 109 pairs of 94 tokens on
// average, hidden 384, 12 heads, dropout 0.1. `flops` counts the matrix products alone, so it reads
// against the first benchmark, a plain product. Threads: OMP_NUM_THREADS.
#include <benchmark/benchmark.h>

#include <random>

#include "models/ops/embedding.h"
#include "models/ops/feed_forward.h"
#include "models/ops/gemm.h"
#include "models/ops/self_attention.h"

namespace lambdaforge::models {
namespace {

constexpr int64_t kHidden = 384, kIntermediate = 1536, kHeads = 12, kPairs = 109;
constexpr DropoutSite kDropout{{12, 1}, 0, 0, 0.1};

// Lengths between 20 and 168, the same in every run.
PackingPtr make_packing() {
  auto packing = std::make_shared<Packing>();
  packing->pair_offsets = {0};
  std::mt19937 random(1);
  for (uint32_t pair = 0; pair < kPairs; ++pair) {
    packing->pair_offsets.push_back(packing->pair_offsets.back() + 20 + random() % 149);
    packing->pair_keys.push_back(pair);
  }
  return packing;
}

at::Tensor parameter(at::IntArrayRef sizes) {
  return (at::randn(sizes) * 0.02).set_requires_grad(true);
}
Linear linear(int64_t in, int64_t out) {
  return {parameter({out, in}), parameter({out})};
}
LayerNorm layer_norm() {
  return {at::ones({kHidden}).set_requires_grad(true), parameter({kHidden})};
}

void report(benchmark::State& state, double flops) {
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate,
                                               benchmark::Counter::kIs1000);
}

// Times `forward` and, when the benchmark's argument says so, backward as well.
template <typename Forward>
void run(benchmark::State& state, const Forward& forward, double forward_flops) {
  const bool with_backward = state.range(0) != 0;
  for (auto _ : state) {
    const at::AutoGradMode mode(with_backward);
    const at::Tensor result = forward();
    if (with_backward) result.backward(at::ones_like(result));
  }
  report(state, forward_flops * (with_backward ? 3 : 1));
}

void product(benchmark::State& state) {
  const at::Tensor x = at::randn({4096, kHidden}), weight = at::randn({kIntermediate, kHidden});
  at::Tensor result = at::empty({4096, kIntermediate});
  for (auto _ : state) at::mm_out(result, x, weight.t());
  report(state, 2.0 * 4096 * kHidden * kIntermediate);
}

void attention(benchmark::State& state, Queries queries, double probability) {
  const PackingPtr packing = make_packing();
  const at::Tensor hidden = at::randn({packing->pair_offsets.back(), kHidden});
  hidden.set_requires_grad(true);
  const Linear qkv = linear(kHidden, 3 * kHidden);
  DropoutSite dropout = kDropout;
  dropout.probability = probability;
  double flops = 0;
  for (int64_t pair = 0; pair < kPairs; ++pair) {
    const double length =
        static_cast<double>(packing->pair_offsets[pair + 1] - packing->pair_offsets[pair]);
    const double num_queries = queries == Queries::kEveryToken ? length : 1;
    flops +=
        2.0 * kHidden * kHidden * (num_queries + 2 * length) + 4.0 * kHidden * num_queries * length;
  }
  run(
      state,
      [&] {
        return self_attention(hidden, qkv, packing, {kHeads, queries, dropout});
      },
      flops);
}

void rest_of_layer(benchmark::State& state) {
  const PackingPtr packing = make_packing();
  const int64_t tokens = packing->pair_offsets.back();
  const at::Tensor context = at::randn({tokens, kHidden}).set_requires_grad(true);
  const at::Tensor residual = at::randn({tokens, kHidden}).set_requires_grad(true);
  const FeedForwardWeights weights{linear(kHidden, kHidden), layer_norm(),
                                   linear(kHidden, kIntermediate), linear(kIntermediate, kHidden),
                                   layer_norm()};
  run(
      state,
      [&] {
        return feed_forward(context, residual, weights, packing, {kDropout, kDropout});
      },
      2.0 * static_cast<double>(tokens * kHidden * (kHidden + 2 * kIntermediate)));
}

void embedding(benchmark::State& state) {
  const PackingPtr packing = make_packing();
  TokenBatch batch;
  std::mt19937 random(1);
  for (int64_t token = 0; token < packing->pair_offsets.back(); ++token) {
    batch.ids.push_back(static_cast<int32_t>(random() % 30522));
    batch.type_ids.push_back(0);
    batch.positions.push_back(static_cast<int32_t>(token % 512));
  }
  const EmbeddingWeights weights{parameter({30522, kHidden}), parameter({512, kHidden}),
                                 parameter({2, kHidden}), layer_norm()};
  run(
      state, [&] { return embed(batch, weights, packing, kDropout); }, 0);
}

BENCHMARK(product)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(attention, every_token, Queries::kEveryToken, 0.1)
    ->ArgName("backward")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(attention, every_token_no_dropout, Queries::kEveryToken, 0.0)
    ->ArgName("backward")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(attention, first_tokens, Queries::kFirstTokens, 0.1)
    ->ArgName("backward")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(rest_of_layer)
    ->ArgName("backward")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(embedding)
    ->ArgName("backward")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace lambdaforge::models

BENCHMARK_MAIN();
