// Small helpers on one list, for the list-wise losses. Positions count from 0.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lambdaforge::losses {

// The indices of `values` from the highest to the lowest; equal values keep their input order, NaN
// comes last. Position p is held by document order[p].
std::vector<int64_t> descending_order(std::span<const double> values);

// values[order[p]] for every p.
std::vector<double> gather(std::span<const double> values, std::span<const int64_t> order);

// 1 / log2(2 + p) for p = 0 .. size - 1: what a document at position p counts in the DCG.
std::vector<double> inverse_discounts(int64_t size);

// log(e^a + e^b) and log(sum of e^value) without overflow; -infinity stands for an empty sum, and
// one NaN makes the result NaN.
double log_add_exp(double a, double b);
double log_sum_exp(std::span<const double> values);

// 1 / (1 + e^-x) and its logarithm, without overflow.
double sigmoid(double x);
double log_sigmoid(double x);

// What a label is worth: 2^label - 1 (Burges et al. 2005) or label (Jarvelin and Kekalainen 2002).
enum class Gain { kExponential, kLinear };

// Throws std::invalid_argument unless the name is "exponential" or "linear".
Gain find_gain(std::string_view name);

// The gain of every document over the ideal DCG of the list within the first k positions, or over
// eps where that is smaller (no relevant document: all gains are 0). Negative labels count as 0. No
// finite label overflows.
std::vector<double> normalized_gains(std::span<const double> labels, std::optional<int64_t> k,
                                     double eps, Gain gain = Gain::kExponential);

}  // namespace lambdaforge::losses
