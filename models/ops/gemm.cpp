#include "models/ops/gemm.h"

#include "models/ops/row_kernels.h"

// Fortran interface, 32-bit integers.
extern "C" void sgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace lambdaforge::models {

// BLAS is column-major: what it sees is c^T = b^T a^T.
void multiply(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, float* c, int64_t c_stride,
              GemmOptions options) {
  const int rows = static_cast<int>(m), columns = static_cast<int>(n), inner = static_cast<int>(k);
  const int lda = static_cast<int>(a.stride), ldb = static_cast<int>(b.stride),
            ldc = static_cast<int>(c_stride);
  const float alpha = 1.0f, beta = options.accumulate ? 1.0f : 0.0f;
  sgemm_(b.transposed ? "T" : "N", a.transposed ? "T" : "N", &columns, &rows, &inner, &alpha,
         b.data, &ldb, a.data, &lda, &beta, c, &ldc);
}

void multiply_and_add_bias(int64_t m, int64_t n, int64_t k, Matrix a, Matrix b, const float* bias,
                           float* c) {
  fill_with_bias(c, bias, m, n);
  multiply(m, n, k, a, b, c, n, {.accumulate = true});
}

}  // namespace lambdaforge::models
