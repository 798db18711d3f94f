// The element-wise passes of a transformer layer, over rows of floats that are in the cache.
#pragma once

#include <cstdint>

namespace lambdaforge::models {

// x [rows, width] = bias [width] in every row: a product then adds to it, which costs less than to
// add the bias afterwards.
void fill_with_bias(float* x, const float* bias, int64_t rows, int64_t width);

// x [width] += y [width]
void add_row(float* x, const float* y, int64_t width);

// sums [width] += the sum of x [rows, width] over its rows
void add_column_sums(const float* x, int64_t rows, int64_t width, float* sums);

// activated = gelu(x), the exact one by erf (Hendrycks & Gimpel 2016).
void gelu(const float* x, int64_t count, float* activated);

// Of gelu: `gradient` [rows, width] holds d(activated) and becomes d(x); `activated` is computed
// again; the sum of d(x) over its rows, which is the bias' gradient, is added to bias_gradient.
void gelu_backward(const float* x, int64_t rows, int64_t width, float* gradient, float* activated,
                   float* bias_gradient);

// x = residual + x * multipliers, one row; without dropout multipliers is nullptr.
void add_dropped_row(float* x, const float* multipliers, const float* residual, int64_t width);

// Of add_dropped_row: x_gradient = gradient * multipliers, also added to bias_gradient; what
// `residual` gets is `gradient` itself.
void add_dropped_row_backward(const float* gradient, const float* multipliers, int64_t width,
                              float* x_gradient, float* bias_gradient);

// out = normalized * weight + bias with normalized = (x - mean) / sqrt(variance + eps), one row
// (Ba et al. 2016). Returns 1 / sqrt(variance + eps). `x`, `normalized` and `out` may be one.
float normalize_row(const float* x, const float* weight, const float* bias, float eps,
                    int64_t width, float* normalized, float* out);

// out [rows, width] = normalized * weight + bias
void scale_and_shift(const float* normalized, const float* weight, const float* bias, int64_t rows,
                     int64_t width, float* out);

// Of normalize_row: d(x) out of d(out); d(weight) and d(bias) are added up. `gradient` and
// `x_gradient` may be one.
void normalize_row_backward(const float* gradient, const float* normalized, float inverse_deviation,
                            const float* weight, int64_t width, float* x_gradient,
                            float* weight_gradient, float* bias_gradient);

// x [rows, width], its rows `stride` floats apart: every row becomes softmax(row) * multipliers,
// with multipliers [rows, width] close together, or nullptr without dropout. log_sums [rows]:
// log(sum(e^row)); nullptr when nobody asks.
void dropped_softmax(float* x, const float* multipliers, int64_t rows, int64_t width,
                     int64_t stride, float* log_sums);

// Of dropped_softmax. `x` in: what it was called with; out: what it returned, computed again out of
// log_sums. `gradient` in: d(result); out: d(x).
void dropped_softmax_backward(float* x, float* gradient, const float* multipliers,
                              const float* log_sums, int64_t rows, int64_t width, int64_t stride);

// x *= factors
void multiply_in_place(float* x, const float* factors, int64_t count);

}  // namespace lambdaforge::models
