#include "models/ops/attention_cpu.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "models/ops/dropout.h"

// The BLAS inside libtorch (Fortran interface, 32-bit integers). Called directly, because the
// matrices are slices of packed rows with their own leading dimension: a tensor for each would cost
// more than the small product.
extern "C" void sgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace lambdaforge::models {
namespace {

struct Matrix {
  const float* data;
  int stride;
  bool transposed = false;
};

// Row-major c [m, n] = alpha * a [m, k] * b [k, n]. BLAS is column-major, so it computes c^T = b^T
// a^T.
void multiply(int m, int n, int k, float alpha, Matrix a, Matrix b, float* c, int stride) {
  const float zero = 0;
  sgemm_(b.transposed ? "T" : "N", a.transposed ? "T" : "N", &n, &m, &k, &alpha, b.data, &b.stride,
         a.data, &a.stride, &zero, c, &stride);
}

// Scratch that a thread keeps from pair to pair and from step to step.
float* scratch(int slot, size_t size) {
  thread_local std::array<std::vector<float>, 3> buffers;
  if (buffers[slot].size() < size) buffers[slot].resize(size);
  return buffers[slot].data();
}

// One pair's view of the packed tensors, and the passes over its [heads, length, length] matrices.
struct PairAttention {
  int length, heads, head_size, hidden;
  const float* qkv;  // this pair's first row

  size_t num_probabilities() const { return size_t(heads) * length * length; }
  Matrix query(int head) const { return {qkv + head * head_size, 3 * hidden}; }
  Matrix key(int head) const { return {qkv + hidden + head * head_size, 3 * hidden}; }
  Matrix value(int head) const { return {qkv + 2 * hidden + head * head_size, 3 * hidden}; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(head_size)); }
  Matrix head_of(const float* matrices, int head) const {
    return {matrices + size_t(head) * length * length, length};
  }

  // softmax(q k^T * scale), every head
  void compute_probabilities(float* probabilities) const {
    for (int head = 0; head < heads; ++head) {
      Matrix keys = key(head);
      keys.transposed = true;
      multiply(length, length, head_size, scale(), query(head), keys,
               probabilities + size_t(head) * length * length, length);
    }
    at::Tensor rows = at::from_blob(probabilities, {int64_t{heads} * length, length}, at::kFloat);
    at::_softmax_out(rows, rows, 1, /*half_to_float=*/false);
  }
};

template <typename Body>
void for_each_pair(const at::Tensor& qkv, const Packing& packing, int64_t num_heads,
                   const Body& body) {
  const int hidden = static_cast<int>(qkv.size(1) / 3);
  const int heads = static_cast<int>(num_heads);
  const float* data = qkv.const_data_ptr<float>();
  at::parallel_for(0, packing.num_pairs(), 1, [&](int64_t first, int64_t last) {
    at::AutoDispatchBelowAutograd no_graph;  // worker threads do not inherit the caller's mode
    for (int64_t pair = first; pair < last; ++pair) {
      const int64_t begin = packing.pair_offsets[pair];
      const int length = static_cast<int>(packing.pair_offsets[pair + 1] - begin);
      body(pair, begin,
           PairAttention{length, heads, hidden / heads, hidden, data + begin * 3 * hidden});
    }
  });
}

void multiply_in_place(float* values, const float* factors, size_t count) {
  for (size_t i = 0; i < count; ++i) values[i] *= factors[i];
}

}  // namespace

at::Tensor attention_forward_cpu(const at::Tensor& qkv, const Packing& packing, int64_t num_heads,
                                 const DropoutSite& site) {
  at::Tensor context = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
  float* output = context.mutable_data_ptr<float>();
  for_each_pair(qkv, packing, num_heads,
                [&](int64_t pair, int64_t begin, const PairAttention& attention) {
                  const size_t count = attention.num_probabilities();
                  float* probabilities = scratch(0, count);
                  attention.compute_probabilities(probabilities);
                  if (site.probability > 0) {
                    float* multipliers = scratch(1, count);
                    fill_dropout_multipliers(site, packing.pair_keys[pair], multipliers, count);
                    multiply_in_place(probabilities, multipliers, count);
                  }
                  for (int head = 0; head < attention.heads; ++head)
                    multiply(attention.length, attention.head_size, attention.length, 1.0f,
                             attention.head_of(probabilities, head), attention.value(head),
                             output + begin * attention.hidden + head * attention.head_size,
                             attention.hidden);
                });
  return context;
}

at::Tensor attention_backward_cpu(const at::Tensor& grad_context, const at::Tensor& qkv,
                                  const Packing& packing, int64_t num_heads,
                                  const DropoutSite& site) {
  at::Tensor grad_qkv = at::empty_like(qkv);
  const float* grad_output = grad_context.const_data_ptr<float>();
  float* grad = grad_qkv.mutable_data_ptr<float>();
  for_each_pair(
      qkv, packing, num_heads, [&](int64_t pair, int64_t begin, const PairAttention& attention) {
        const int length = attention.length, head_size = attention.head_size,
                  hidden = attention.hidden;
        const size_t count = attention.num_probabilities();
        float* probabilities = scratch(0, count);
        float* grad_probabilities = scratch(1, count);
        float* dropped = probabilities;  // what multiplied the values
        attention.compute_probabilities(probabilities);
        for (int head = 0; head < attention.heads; ++head) {
          Matrix values = attention.value(head);
          values.transposed = true;
          multiply(length, length, head_size, 1.0f,
                   {grad_output + begin * hidden + head * head_size, hidden}, values,
                   grad_probabilities + size_t(head) * length * length, length);
        }
        if (site.probability > 0) {
          dropped = scratch(2, count);
          fill_dropout_multipliers(site, packing.pair_keys[pair], dropped, count);
          multiply_in_place(grad_probabilities, dropped, count);
          multiply_in_place(dropped, probabilities, count);
        }
        float* pair_grad = grad + begin * 3 * hidden;
        for (int head = 0; head < attention.heads; ++head) {
          Matrix weights = attention.head_of(dropped, head);
          weights.transposed = true;
          multiply(length, head_size, length, 1.0f, weights,
                   {grad_output + begin * hidden + head * head_size, hidden},
                   pair_grad + 2 * hidden + head * head_size, 3 * hidden);
        }
        at::Tensor rows =
            at::from_blob(probabilities, {int64_t{attention.heads} * length, length}, at::kFloat);
        at::Tensor grad_rows = at::from_blob(grad_probabilities, rows.sizes(), at::kFloat);
        at::_softmax_backward_data_out(grad_rows, grad_rows, rows, 1, at::kFloat);
        for (int head = 0; head < attention.heads; ++head) {
          Matrix grad_logits = attention.head_of(grad_probabilities, head);
          multiply(length, head_size, length, attention.scale(), grad_logits, attention.key(head),
                   pair_grad + head * head_size, 3 * hidden);
          grad_logits.transposed = true;
          multiply(length, head_size, length, attention.scale(), grad_logits, attention.query(head),
                   pair_grad + hidden + head * head_size, 3 * hidden);
        }
      });
  return grad_qkv;
}

}  // namespace lambdaforge::models
