#include "models/ops/row_kernels.h"

#include "models/ops/kernel.h"
#include "models/ops/vector_math.h"

namespace lambdaforge::models {

LAMBDAFORGE_KERNEL
void fill_with_bias(float* x, const float* bias, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; ++row, x += width) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) x[i] = bias[i];
  }
}

LAMBDAFORGE_KERNEL
void add_row(float* x, const float* y, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) x[i] += y[i];
}

LAMBDAFORGE_KERNEL
void add_column_sums(const float* x, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, x += width) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) sums[i] += x[i];
  }
}

LAMBDAFORGE_KERNEL
void gelu(const float* x, int64_t count, float* activated) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) activated[i] = x[i] * standard_normal(x[i]).cdf;
}

LAMBDAFORGE_KERNEL
void gelu_backward(const float* x, int64_t rows, int64_t width, float* gradient, float* activated,
                   float* bias_gradient) {
  for (int64_t row = 0; row < rows; ++row, x += width, gradient += width, activated += width) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      const NormalAt normal = standard_normal(x[i]);
      activated[i] = x[i] * normal.cdf;
      gradient[i] *= normal.cdf + x[i] * normal.density;
      bias_gradient[i] += gradient[i];
    }
  }
}

LAMBDAFORGE_KERNEL
void add_dropped_row(float* x, const float* multipliers, const float* residual, int64_t width) {
  if (multipliers) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) x[i] = residual[i] + x[i] * multipliers[i];
  } else {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) x[i] += residual[i];
  }
}

LAMBDAFORGE_KERNEL
void add_dropped_row_backward(const float* gradient, const float* multipliers, int64_t width,
                              float* x_gradient, float* bias_gradient) {
  if (multipliers) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      x_gradient[i] = gradient[i] * multipliers[i];
      bias_gradient[i] += x_gradient[i];
    }
  } else {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      x_gradient[i] = gradient[i];
      bias_gradient[i] += x_gradient[i];
    }
  }
}

LAMBDAFORGE_KERNEL
float normalize_row(const float* x, const float* weight, const float* bias, float eps,
                    int64_t width, float* normalized, float* out) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; ++i) sum += x[i];
  const float mean = sum / static_cast<float>(width);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float inverse_deviation = 1.0f / std::sqrt(squares / static_cast<float>(width) + eps);
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) {
    const float value = (x[i] - mean) * inverse_deviation;
    normalized[i] = value;
    out[i] = value * weight[i] + bias[i];
  }
  return inverse_deviation;
}

LAMBDAFORGE_KERNEL
void scale_and_shift(const float* normalized, const float* weight, const float* bias, int64_t rows,
                     int64_t width, float* out) {
  for (int64_t row = 0; row < rows; ++row, normalized += width, out += width) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[i] = normalized[i] * weight[i] + bias[i];
  }
}

// With g = gradient * weight: d(x) = (g - mean(g) - normalized * mean(g * normalized)) / deviation.
LAMBDAFORGE_KERNEL
void normalize_row_backward(const float* gradient, const float* normalized, float inverse_deviation,
                            const float* weight, int64_t width, float* x_gradient,
                            float* weight_gradient, float* bias_gradient) {
  float sum = 0, projection = 0;
#pragma omp simd reduction(+ : sum, projection)
  for (int64_t i = 0; i < width; ++i) {
    const float scaled = gradient[i] * weight[i];
    sum += scaled;
    projection += scaled * normalized[i];
    weight_gradient[i] += gradient[i] * normalized[i];
    bias_gradient[i] += gradient[i];
  }
  const float mean = sum / static_cast<float>(width);
  const float slope = projection / static_cast<float>(width);
#pragma omp simd
  for (int64_t i = 0; i < width; ++i)
    x_gradient[i] = (gradient[i] * weight[i] - mean - normalized[i] * slope) * inverse_deviation;
}

LAMBDAFORGE_KERNEL
void dropped_softmax(float* x, const float* multipliers, int64_t rows, int64_t width,
                     int64_t stride, float* log_sums) {
  for (int64_t row = 0; row < rows; ++row, x += stride) {
    float largest = x[0];
#pragma omp simd reduction(max : largest)
    for (int64_t i = 0; i < width; ++i) largest = x[i] > largest ? x[i] : largest;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; ++i) {
      x[i] = exp_of_negative(x[i] - largest);
      sum += x[i];
    }
    const float inverse = 1.0f / sum;
    if (multipliers) {
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) x[i] *= inverse * multipliers[i];
      multipliers += width;
    } else {
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) x[i] *= inverse;
    }
    if (log_sums) log_sums[row] = largest + std::log(sum);
  }
}

// With p = softmax(x), m the multipliers and g = gradient * m: d(x) = p (g - sum(g p)).
LAMBDAFORGE_KERNEL
void dropped_softmax_backward(float* x, float* gradient, const float* multipliers,
                              const float* log_sums, int64_t rows, int64_t width, int64_t stride) {
  for (int64_t row = 0; row < rows; ++row, x += stride, gradient += stride) {
    const float log_sum = log_sums[row];
    float projection = 0;
    if (multipliers) {
#pragma omp simd reduction(+ : projection)
      for (int64_t i = 0; i < width; ++i) {
        x[i] = exp_of_negative(x[i] - log_sum);
        gradient[i] *= multipliers[i];
        projection += gradient[i] * x[i];
      }
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) {
        gradient[i] = (gradient[i] - projection) * x[i];
        x[i] *= multipliers[i];
      }
      multipliers += width;
    } else {
#pragma omp simd reduction(+ : projection)
      for (int64_t i = 0; i < width; ++i) {
        x[i] = exp_of_negative(x[i] - log_sum);
        projection += gradient[i] * x[i];
      }
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) gradient[i] = (gradient[i] - projection) * x[i];
    }
  }
}

LAMBDAFORGE_KERNEL
void multiply_in_place(float* x, const float* factors, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) x[i] *= factors[i];
}

}  // namespace lambdaforge::models
