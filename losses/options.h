// The options of every loss; a loss reads those that it knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lambdaforge::losses {

struct LossOptions {
  std::string name = "LambdaLoss";
  std::string weighting_scheme = "NDCGLoss2PP";
  double mu = 10.0;                         // NDCGLoss2PP: mu * NDCGLoss2 + LambdaRank
  std::optional<int64_t> k = std::nullopt;  // learn the first k ranks; none: whole lists
  double sigma = 1.0;                       // slope of the sigmoid over a difference of scores
  double eps = 1e-10;                    // smallest ideal DCG; `legacy`: smallest probability too
  std::string reduction_log = "binary";  // binary (log2), natural
  std::string semantics = "paper";       // paper, legacy: see losses/lambda.h
  std::string gain = "exponential";      // exponential (2^label - 1), linear (label)
  double alpha = 1.0;                    // slope of approximate ranks
  bool respect_input_order = true;       // ListMLE: documents stand best first in the input
  double pos_weight = 1.0;               // BinaryCrossEntropyLoss: what a positive label counts
  double temperature = 1.0;              // NeuralNDCG: of its smooth sort
  int64_t num_negatives = 4;  // MultipleNegativesRankingLoss: drawn from the batch; -1: all of them
  double scale = 10.0;        // MultipleNegativesRankingLoss: of the activated scores
  // identity, sigmoid, tanh: what the loss does to scores first; empty: sigmoid for
  // MultipleNegativesRankingLoss, identity for the others.
  std::string activation_fn;

  bool operator==(const LossOptions&) const = default;
};

}  // namespace lambdaforge::losses
