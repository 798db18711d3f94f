#include "models/ops/feed_forward_cpu.h"

#include "models/ops/blocks.h"
#include "models/ops/dropout.h"
#include "models/ops/dropout_mask.h"
#include "models/ops/gemm.h"
#include "models/ops/gradient_parts.h"
#include "models/ops/packed_matrix.h"
#include "models/ops/row_kernels.h"
#include "models/ops/scratch.h"

namespace lambdaforge::models {
namespace {

// The weights as the kernels see them.
struct View {
  explicit View(const FeedForwardWeights& weights)
      : width(weights.attention_output.weight.size(0)),
        expanded_width(weights.intermediate.weight.size(0)),
        attention_output(weights.attention_output),
        intermediate(weights.intermediate),
        output(weights.output),
        attention_norm(weights.attention_norm),
        output_norm(weights.output_norm) {}

  struct Product {
    explicit Product(const Linear& linear)
        : out(linear.weight.size(0)),
          in(linear.weight.size(1)),
          weight{linear.weight.const_data_ptr<float>(), in},
          bias(linear.bias.const_data_ptr<float>()) {}
    PackedMatrix forward() const { return {transpose(weight), in, out}; }
    PackedMatrix backward() const { return {weight, out, in}; }

    int64_t out, in;
    Matrix weight;  // [out, in]
    const float* bias;
  };
  struct Norm {
    explicit Norm(const LayerNorm& norm)
        : weight(norm.weight.const_data_ptr<float>()),
          bias(norm.bias.const_data_ptr<float>()),
          eps(static_cast<float>(norm.eps)) {}
    const float *weight, *bias;
    float eps;
  };

  int64_t width, expanded_width;
  Product attention_output, intermediate, output;
  Norm attention_norm, output_norm;
};

// Indices into flatten().
enum Index {
  kAttentionOutputWeight,
  kAttentionOutputBias,
  kAttentionNormWeight,
  kAttentionNormBias,
  kIntermediateWeight,
  kIntermediateBias,
  kOutputWeight,
  kOutputBias,
  kOutputNormWeight,
  kOutputNormBias
};

// x [rows, width] = residual + dropout(x), then normalised. `normalized` and
// `inverse_deviation` are what the backward pass needs.
void drop_add_norm(float* x, const float* residual, const View::Norm& norm, RowDropout dropout,
                   int64_t rows, int64_t width, float* normalized, float* inverse_deviation,
                   float* out) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t begin = row * width;
    add_dropped_row(x + begin, dropout.next(), residual + begin, width);
    inverse_deviation[row] = normalize_row(x + begin, norm.weight, norm.bias, norm.eps, width,
                                           normalized + begin, out + begin);
  }
}

// gradient [rows, width] of drop_add_norm's output becomes that of its residual; x_gradient
// [rows, width] is that of x.
void drop_add_norm_backward(float* gradient, const float* normalized,
                            const float* inverse_deviation, const View::Norm& norm,
                            RowDropout dropout, int64_t rows, int64_t width, float* x_gradient,
                            float* bias_gradient, float* norm_weight_gradient,
                            float* norm_bias_gradient) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t begin = row * width;
    normalize_row_backward(gradient + begin, normalized + begin, inverse_deviation[row],
                           norm.weight, width, gradient + begin, norm_weight_gradient,
                           norm_bias_gradient);
    add_dropped_row_backward(gradient + begin, dropout.next(), width, x_gradient + begin,
                             bias_gradient);
  }
}

float* rows_of(const at::Tensor& tensor, int64_t first, int64_t width) {
  return tensor.mutable_data_ptr<float>() + first * width;
}

}  // namespace

at::Tensor feed_forward_forward(const at::Tensor& context, const at::Tensor& residual,
                                const FeedForwardWeights& weights, const Packing& packing,
                                const FeedForwardDropout& dropout,
                                FeedForwardActivations* activations) {
  const View view(weights);
  const int64_t rows = context.size(0), width = view.width, expanded_width = view.expanded_width;
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor result = at::empty({rows, width}, options);
  if (activations)
    *activations = {at::empty({rows, width}, options), at::empty({rows, width}, options),
                    at::empty({rows}, options), at::empty({rows}, options),
                    at::empty({rows, expanded_width}, options)};

  const PackedMatrix attention_output = view.attention_output.forward();
  const PackedMatrix intermediate = view.intermediate.forward();
  const PackedMatrix output = view.output.forward();

  for_each_row_block(rows, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const int64_t count = last - first;
    float* projected = scratch.take(count * width);
    float* attended = scratch.take(count * width);
    float* activated = scratch.take(count * expanded_width);
    float* buffer = scratch.take(dropout_buffer_size(width));
    // Without a backward pass, normalised rows may be overwritten and deviations forgotten.
    const auto kept = [&](at::Tensor FeedForwardActivations::*tensor, int64_t row_width,
                          float* otherwise) {
      return activations ? rows_of(activations->*tensor, first, row_width) : otherwise;
    };
    float* unkept_deviations = activations ? nullptr : scratch.take(count);
    float* expanded = activations ? rows_of(activations->expanded, first, expanded_width)
                                  : scratch.take(count * expanded_width);
    const auto drop = [&](const DropoutSite& site) {
      return RowDropout(packing, site, width, first, buffer);
    };

    attention_output.multiply_and_add_bias(count, context.const_data_ptr<float>() + first * width,
                                           view.attention_output.bias, projected);
    drop_add_norm(projected, residual.const_data_ptr<float>() + first * width, view.attention_norm,
                  drop(dropout.attention_output), count, width,
                  kept(&FeedForwardActivations::attended_normalized, width, projected),
                  kept(&FeedForwardActivations::attended_inverse_deviation, 1, unkept_deviations),
                  attended);

    intermediate.multiply_and_add_bias(count, attended, view.intermediate.bias, expanded);
    gelu(expanded, count * expanded_width, activated);

    output.multiply_and_add_bias(count, activated, view.output.bias, projected);
    drop_add_norm(projected, attended, view.output_norm, drop(dropout.output), count, width,
                  kept(&FeedForwardActivations::normalized, width, projected),
                  kept(&FeedForwardActivations::inverse_deviation, 1, unkept_deviations),
                  rows_of(result, first, width));
  });
  return result;
}

FeedForwardGradients feed_forward_backward(const at::Tensor& gradient, const at::Tensor& context,
                                           const FeedForwardWeights& weights,
                                           const FeedForwardActivations& activations,
                                           const Packing& packing,
                                           const FeedForwardDropout& dropout) {
  const View view(weights);
  const int64_t rows = context.size(0), width = view.width, expanded_width = view.expanded_width;
  const at::Tensor context_gradient = at::empty_like(context);
  const at::Tensor residual_gradient = at::empty_like(context);
  GradientParts parameters(flatten(weights));

  const PackedMatrix through_attention_output = view.attention_output.backward();
  const PackedMatrix through_intermediate = view.intermediate.backward();
  const PackedMatrix through_output = view.output.backward();

  for_each_row_block(rows, [&](int64_t first, int64_t last) {
    Scratch scratch;
    const int64_t count = last - first;
    float* projected_gradient = scratch.take(count * width);
    float* attended = scratch.take(count * width);
    float* activated = scratch.take(count * expanded_width);
    float* expanded_gradient = scratch.take(count * expanded_width);
    float* buffer = scratch.take(dropout_buffer_size(width));
    float* residual = rows_of(residual_gradient, first, width);  // walks back along the residuals
    const float* attended_normalized = rows_of(activations.attended_normalized, first, width);
    const auto drop = [&](const DropoutSite& site) {
      return RowDropout(packing, site, width, first, buffer);
    };

    std::copy_n(gradient.const_data_ptr<float>() + first * width, count * width, residual);
    drop_add_norm_backward(residual, rows_of(activations.normalized, first, width),
                           rows_of(activations.inverse_deviation, first, 1), view.output_norm,
                           drop(dropout.output), count, width, projected_gradient,
                           parameters.of(kOutputBias), parameters.of(kOutputNormWeight),
                           parameters.of(kOutputNormBias));

    through_output.multiply(count, projected_gradient, expanded_gradient);
    gelu_backward(rows_of(activations.expanded, first, expanded_width), count, expanded_width,
                  expanded_gradient, activated, parameters.of(kIntermediateBias));
    multiply(width, expanded_width, count, transpose({projected_gradient, width}),
             {activated, expanded_width}, parameters.of(kOutputWeight), expanded_width,
             {.accumulate = true});

    scale_and_shift(attended_normalized, view.attention_norm.weight, view.attention_norm.bias,
                    count, width, attended);
    multiply(expanded_width, width, count, transpose({expanded_gradient, expanded_width}),
             {attended, width}, parameters.of(kIntermediateWeight), width, {.accumulate = true});
    through_intermediate.multiply(count, expanded_gradient, residual, /*accumulate=*/true);

    drop_add_norm_backward(residual, attended_normalized,
                           rows_of(activations.attended_inverse_deviation, first, 1),
                           view.attention_norm, drop(dropout.attention_output), count, width,
                           projected_gradient, parameters.of(kAttentionOutputBias),
                           parameters.of(kAttentionNormWeight), parameters.of(kAttentionNormBias));
    multiply(width, width, count, transpose({projected_gradient, width}),
             {context.const_data_ptr<float>() + first * width, width},
             parameters.of(kAttentionOutputWeight), width, {.accumulate = true});
    through_attention_output.multiply(count, projected_gradient,
                                      rows_of(context_gradient, first, width));
  });
  return {context_gradient, residual_gradient, parameters.sum()};
}

}  // namespace lambdaforge::models
