// Compares an op's CPU kernels with the same op written as tensor operations.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

namespace lambdaforge::models {

inline at::Tensor random_leaf(at::IntArrayRef sizes) {
  return (at::randn(sizes) * 0.5).set_requires_grad(true);
}

inline at::Tensor copy_of_leaf(const at::Tensor& leaf) {
  return leaf.detach().clone().set_requires_grad(true);
}

// Results, and the gradients that the same direction of them gives to leaf after leaf.
inline void expect_equal_results(const at::Tensor& ours, const std::vector<at::Tensor>& our_leaves,
                                 const at::Tensor& theirs,
                                 const std::vector<at::Tensor>& their_leaves) {
  EXPECT_TRUE(at::allclose(ours, theirs, 1e-5, 2e-6)) << (ours - theirs).abs().max();
  const at::Tensor direction = at::randn_like(theirs);
  (ours * direction).sum().backward();
  (theirs * direction).sum().backward();
  for (size_t i = 0; i < our_leaves.size(); ++i) {
    const at::Tensor gradient = our_leaves[i].grad().to_dense();
    const at::Tensor expected = their_leaves[i].grad();
    const double size = expected.abs().max().item<double>();
    EXPECT_TRUE(at::allclose(gradient, expected, 1e-4, 1e-5 * size))
        << "leaf " << i << ": " << (gradient - expected).abs().max() << " of " << size;
  }
}

}  // namespace lambdaforge::models
