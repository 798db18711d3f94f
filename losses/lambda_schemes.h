// How much a pair of documents weighs in LambdaLoss: NoWeighting, NDCGLoss1, NDCGLoss2,
// NDCGLoss2PP, LambdaRank, and LambdaRank's idea for two more metrics, MRR and MAP.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace lambdaforge::losses {

// A ranking of documents that are relevant (label > 0) or not, as MRR and MAP see it. Indexed by
// position.
struct BinaryRanking {
  explicit BinaryRanking(const std::vector<double>& labels);

  std::vector<int64_t> relevant_until;    // relevant documents at positions 0 .. p
  std::vector<double> reciprocals_until;  // sum of 1 / (q + 1) over the relevant positions q <= p
  int64_t first, second;  // the first two relevant positions; the size where none is
};

// One list in the order of its scores; every vector is [documents] and indexed by position.
struct RankedList {
  std::vector<int64_t> order;             // where the document stands in the input
  std::vector<double> scores;             // descending
  std::vector<double> labels;             // as given
  std::vector<double> gains;              // G: gain of the label / ideal DCG
  std::vector<double> inverse_discounts;  // 1 / D: 1 / log2(2 + position)
  BinaryRanking binary{labels};

  int64_t size() const { return static_cast<int64_t>(order.size()); }
};

struct LambdaScheme {
  // The weight of "the document at position i should stand above the one at position j". A constant
  // for the gradient. mu is read by NDCGLoss2PP alone.
  double (*weight)(const RankedList& list, int64_t i, int64_t j, double mu);
  // True: every ordered pair takes part, i == j included. False: those with label i > label j.
  bool all_pairs;
};

// Throws std::invalid_argument on an unknown name.
const LambdaScheme& find_lambda_scheme(std::string_view name);

}  // namespace lambdaforge::losses
