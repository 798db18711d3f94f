#include "models/ops/embedding_cpu.h"

#include <numeric>

#include "models/ops/blocks.h"
#include "models/ops/dropout.h"
#include "models/ops/dropout_mask.h"
#include "models/ops/gradient_parts.h"
#include "models/ops/row_kernels.h"
#include "models/ops/scratch.h"

namespace lambdaforge::models {
namespace {

struct View {
  explicit View(const EmbeddingWeights& weights)
      : width(weights.words.size(1)),
        words(weights.words.const_data_ptr<float>()),
        positions(weights.positions.const_data_ptr<float>()),
        types(weights.types.const_data_ptr<float>()),
        norm_weight(weights.norm.weight.const_data_ptr<float>()),
        norm_bias(weights.norm.bias.const_data_ptr<float>()),
        eps(static_cast<float>(weights.norm.eps)) {}

  int64_t width;
  const float *words, *positions, *types, *norm_weight, *norm_bias;
  float eps;
};

// Token places in ascending order of their ids, and where each distinct id begins among them.
struct TokensById {
  explicit TokensById(const std::vector<int32_t>& ids) : tokens(ids.size()) {
    std::iota(tokens.begin(), tokens.end(), int32_t{0});
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&](int32_t a, int32_t b) { return ids[a] < ids[b]; });
    for (size_t i = 0; i < tokens.size(); ++i)
      if (i == 0 || ids[tokens[i]] != ids[tokens[i - 1]]) {
        distinct.push_back(ids[tokens[i]]);
        begins.push_back(static_cast<int64_t>(i));
      }
    begins.push_back(static_cast<int64_t>(tokens.size()));
  }

  std::vector<int32_t> tokens;
  std::vector<int64_t> distinct;  // ids
  std::vector<int64_t> begins;    // [distinct + 1]
};

// row_gradients [tokens, width] summed for each id -> sparse [vocabulary, width]
at::Tensor word_gradient(const std::vector<int32_t>& ids, const at::Tensor& row_gradients,
                         const at::Tensor& words) {
  const TokensById sorted(ids);
  const auto count = static_cast<int64_t>(sorted.distinct.size());
  const int64_t width = words.size(1);
  const at::Tensor values = at::zeros({count, width}, row_gradients.options());
  const float* rows = row_gradients.const_data_ptr<float>();
  float* sums = values.mutable_data_ptr<float>();
  at::parallel_for(0, count, 64, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      for (int64_t j = sorted.begins[i]; j < sorted.begins[i + 1]; ++j)
        add_row(sums + i * width, rows + sorted.tokens[j] * width, width);
  });
  return at::_sparse_coo_tensor_unsafe(at::tensor(sorted.distinct).unsqueeze(0), values,
                                       words.sizes(), values.options().layout(at::kSparse),
                                       /*is_coalesced=*/true);
}

}  // namespace

at::Tensor embed_forward(const TokenBatch& batch, const EmbeddingWeights& weights,
                         const Packing& packing, const DropoutSite& dropout,
                         EmbeddingActivations* activations) {
  const View view(weights);
  const int64_t tokens = batch.num_tokens(), width = view.width;
  const auto options = at::TensorOptions().dtype(at::kFloat);
  at::Tensor result = at::empty({tokens, width}, options);
  if (activations)
    *activations = {batch.ids, batch.type_ids, batch.positions, at::empty({tokens, width}, options),
                    at::empty({tokens}, options)};
  for_each_row_block(tokens, [&](int64_t first, int64_t last) {
    Scratch scratch;
    RowDropout drop(packing, dropout, width, first, scratch.take(dropout_buffer_size(width)));
    for (int64_t token = first; token < last; ++token) {
      float* row = result.mutable_data_ptr<float>() + token * width;
      float* normalized =
          activations ? activations->normalized.mutable_data_ptr<float>() + token * width : row;
      std::copy_n(view.words + batch.ids[token] * width, width, row);
      add_row(row, view.types + batch.type_ids[token] * width, width);
      add_row(row, view.positions + batch.positions[token] * width, width);
      const float inverse_deviation =
          normalize_row(row, view.norm_weight, view.norm_bias, view.eps, width, normalized, row);
      if (activations)
        activations->inverse_deviation.mutable_data_ptr<float>()[token] = inverse_deviation;
      if (const float* multipliers = drop.next()) multiply_in_place(row, multipliers, width);
    }
  });
  return result;
}

EmbeddingGradients embed_backward(const at::Tensor& gradient, const EmbeddingWeights& weights,
                                  const EmbeddingActivations& activations, const Packing& packing,
                                  const DropoutSite& dropout) {
  const View view(weights);
  const int64_t tokens = gradient.size(0), width = view.width;
  const at::Tensor row_gradients = at::empty({tokens, width}, gradient.options());
  GradientParts parts({weights.positions, weights.types, weights.norm.weight, weights.norm.bias});
  for_each_row_block(tokens, [&](int64_t first, int64_t last) {
    Scratch scratch;
    RowDropout drop(packing, dropout, width, first, scratch.take(dropout_buffer_size(width)));
    for (int64_t token = first; token < last; ++token) {
      float* row = row_gradients.mutable_data_ptr<float>() + token * width;
      std::copy_n(gradient.const_data_ptr<float>() + token * width, width, row);
      if (const float* multipliers = drop.next()) multiply_in_place(row, multipliers, width);
      normalize_row_backward(row, activations.normalized.const_data_ptr<float>() + token * width,
                             activations.inverse_deviation.const_data_ptr<float>()[token],
                             view.norm_weight, width, row, parts.of(2), parts.of(3));
      add_row(parts.of(0) + activations.positions[token] * width, row, width);
      add_row(parts.of(1) + activations.type_ids[token] * width, row, width);
    }
  });
  const std::vector<at::Tensor> sums = parts.sum();
  return {word_gradient(activations.ids, row_gradients, weights.words), sums[0], sums[1], sums[2],
          sums[3]};
}

}  // namespace lambdaforge::models
