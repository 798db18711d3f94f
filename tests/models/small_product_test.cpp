#include "models/ops/small_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace lambdaforge::models {
namespace {

// Every number of rows that is left over from a tile, and both widths of a panel.
TEST(SmallProduct, EqualsMatmulAtEverySize) {
  for (const int64_t m : {1, 2, 3, 4, 5, 6, 7, 13})
    for (const int64_t n : {8, 16, 24})
      for (const int64_t k : {1, 9}) {
        const at::Tensor a = at::randn({m, k}), b = at::randn({k, n});
        const at::Tensor c = at::full({m, n + 1}, 7.0f);  // the last column is not ours
        small_product(m, n, k, 0.5f, {a.const_data_ptr<float>(), k, 1}, b.const_data_ptr<float>(),
                      n, c.mutable_data_ptr<float>(), n + 1);
        EXPECT_TRUE(at::allclose(c.narrow(1, 0, n), at::matmul(a, b) * 0.5, 1e-5, 1e-6));
        EXPECT_TRUE(c.select(1, n).eq(7.0f).all().item<bool>());
      }
}

TEST(SmallProduct, ReadsItsLeftSideTransposed) {
  const at::Tensor a = at::randn({9, 13}), b = at::randn({9, 8}), c = at::empty({13, 8});
  small_product(13, 8, 9, 1.0f, {a.const_data_ptr<float>(), 1, 13}, b.const_data_ptr<float>(), 8,
                c.mutable_data_ptr<float>(), 8);
  EXPECT_TRUE(at::allclose(c, at::matmul(a.t(), b), 1e-5, 1e-6));
}

TEST(SmallProduct, TransposesAndFillsTheRestOfARowWithZeros) {
  const at::Tensor from = at::randn({5, 3}), to = at::full({3, 8}, 7.0f);
  transpose_into(from.const_data_ptr<float>(), 5, 3, 3, to.mutable_data_ptr<float>(), 8);
  EXPECT_TRUE(to.narrow(1, 0, 5).equal(from.t()));
  EXPECT_TRUE(to.narrow(1, 5, 3).eq(0).all().item<bool>());
}

}  // namespace
}  // namespace lambdaforge::models
