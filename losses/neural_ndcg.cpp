#include "losses/neural_ndcg.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "losses/check.h"
#include "losses/per_list.h"
#include "losses/segments.h"

namespace lambdaforge::losses {
namespace {

constexpr size_t kMaxScalings = 50;
constexpr double kTolerance = 1e-6;  // of the columns' sums
constexpr double kSmallestSum = 1e-10;

// [ranks, documents], row by row.
class Matrix {
 public:
  explicit Matrix(size_t size) : size_(size), values_(size * size) {}

  std::span<double> row(size_t r) { return std::span(values_).subspan(r * size_, size_); }
  std::span<const double> row(size_t r) const {
    return std::span(values_).subspan(r * size_, size_);
  }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::vector<double> values_;
};

// n - 1 for the first of n ranks, n - 3 for the second, ..., 1 - n for the last.
double slope_of_rank(size_t rank, size_t size) {
  return static_cast<double>(size) - 1 - 2 * static_cast<double>(rank);
}

void softmax(std::span<double> row) {
  const double top = *std::ranges::max_element(row);
  for (double& value : row) value = std::exp(value - top);
  const double sum = std::accumulate(row.begin(), row.end(), 0.0);
  for (double& value : row) value /= sum;
}

Matrix neural_sort(std::span<const double> scores, double temperature) {
  const size_t size = scores.size();
  std::vector<double> distances(size);  // of every score to all others
  for (size_t j = 0; j < size; ++j)
    for (const double other : scores) distances[j] += std::abs(scores[j] - other);
  Matrix sorted(size);
  for (size_t r = 0; r < size; ++r) {
    const std::span<double> row = sorted.row(r);
    for (size_t j = 0; j < size; ++j)
      row[j] = (slope_of_rank(r, size) * scores[j] - distances[j]) / temperature;
    softmax(row);
  }
  return sorted;
}

// From d loss / d neural_sort to d loss / d scores.
void add_neural_sort_gradient(std::span<const double> scores, double temperature,
                              const Matrix& sorted, const Matrix& outer,
                              std::span<double> gradient) {
  const size_t size = scores.size();
  std::vector<double> distance_gradient(size);
  for (size_t r = 0; r < size; ++r) {
    const auto p = sorted.row(r), dp = outer.row(r);
    const double mean = std::inner_product(p.begin(), p.end(), dp.begin(), 0.0);
    for (size_t j = 0; j < size; ++j) {
      const double logit = p[j] * (dp[j] - mean) / temperature;
      gradient[j] += logit * slope_of_rank(r, size);
      distance_gradient[j] -= logit;
    }
  }
  for (size_t j = 0; j < size; ++j)
    for (size_t m = 0; m < size; ++m) {
      const double sign = (scores[j] > scores[m]) - (scores[j] < scores[m]);
      gradient[j] += sign * (distance_gradient[j] + distance_gradient[m]);
    }
}

// Makes rows and columns add up to 1. It remembers by what it divided, so that the gradient needs
// no matrix but the last: each division is undone on the way back.
class Sinkhorn {
 public:
  explicit Sinkhorn(Matrix& matrix) : matrix_(matrix) {
    std::vector<double> columns = column_sums();
    do {
      divide_columns(columns);
      steps_.push_back({std::move(columns), divide_rows()});
      columns = column_sums();
    } while (!all_are_one(columns) && steps_.size() < kMaxScalings);
  }

  // `outer` becomes d loss / d the matrix as it was, and the matrix becomes that again.
  void pull_back(Matrix& outer) {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      undo_rows(step->rows, outer);
      undo_columns(step->columns, outer);
    }
  }

 private:
  struct Step {
    std::vector<double> columns, rows;  // divisors
  };

  static bool all_are_one(const std::vector<double>& sums) {
    return std::ranges::all_of(sums, [](double s) { return std::abs(s - 1) < kTolerance; });
  }

  std::vector<double> column_sums() const {
    std::vector<double> sums(matrix_.size());
    for (size_t r = 0; r < matrix_.size(); ++r)
      std::ranges::transform(sums, matrix_.row(r), sums.begin(), std::plus{});
    return sums;
  }

  void divide_columns(std::vector<double>& sums) {
    for (double& sum : sums) sum = std::max(sum, kSmallestSum);
    for (size_t r = 0; r < matrix_.size(); ++r)
      std::ranges::transform(matrix_.row(r), sums, matrix_.row(r).begin(), std::divides{});
  }

  std::vector<double> divide_rows() {
    std::vector<double> divisors(matrix_.size());
    for (size_t r = 0; r < matrix_.size(); ++r) {
      const std::span<double> row = matrix_.row(r);
      divisors[r] = std::max(std::accumulate(row.begin(), row.end(), 0.0), kSmallestSum);
      for (double& value : row) value /= divisors[r];
    }
    return divisors;
  }

  // y = x / sum(x): dx = (dy - sum(dy y)) / sum(x), and only the first part where the sum is so
  // small that a constant took its place.
  void undo_rows(const std::vector<double>& divisors, Matrix& outer) {
    for (size_t r = 0; r < matrix_.size(); ++r) {
      const std::span<double> y = matrix_.row(r), dy = outer.row(r);
      const double mean =
          divisors[r] > kSmallestSum ? std::inner_product(y.begin(), y.end(), dy.begin(), 0.0) : 0;
      for (size_t j = 0; j < y.size(); ++j) {
        dy[j] = (dy[j] - mean) / divisors[r];
        y[j] *= divisors[r];
      }
    }
  }

  void undo_columns(const std::vector<double>& divisors, Matrix& outer) {
    std::vector<double> means(matrix_.size());
    for (size_t r = 0; r < matrix_.size(); ++r)
      for (size_t j = 0; j < means.size(); ++j)
        if (divisors[j] > kSmallestSum) means[j] += matrix_.row(r)[j] * outer.row(r)[j];
    for (size_t r = 0; r < matrix_.size(); ++r) {
      const std::span<double> y = matrix_.row(r), dy = outer.row(r);
      for (size_t j = 0; j < y.size(); ++j) {
        dy[j] = (dy[j] - means[j]) / divisors[j];
        y[j] *= divisors[j];
      }
    }
  }

  Matrix& matrix_;
  std::vector<Step> steps_;
};

struct NeuralNdcg {
  double temperature, eps;
  std::optional<int64_t> k;
  Gain gain;

  ListTerm operator()(std::span<const double> scores, std::span<const double> labels,
                      std::span<double> gradient) const {
    const size_t size = scores.size();
    const std::vector<double> gains = normalized_gains(labels, k, eps, gain);
    if (std::ranges::none_of(gains, [](double g) { return g > 0; })) return {};
    std::vector<double> discounts = inverse_discounts(static_cast<int64_t>(size));
    if (k && static_cast<size_t>(*k) < size)
      std::fill(discounts.begin() + *k, discounts.end(), 0.0);

    Matrix sorted = neural_sort(scores, temperature);
    Sinkhorn sinkhorn(sorted);
    Matrix outer(size);
    ListTerm term{.sum = 0, .count = 1};
    for (size_t r = 0; r < size; ++r) {
      const auto row = sorted.row(r);
      term.sum -= discounts[r] * std::inner_product(row.begin(), row.end(), gains.begin(), 0.0);
      for (size_t j = 0; j < size; ++j) outer.row(r)[j] = -discounts[r] * gains[j];
    }
    sinkhorn.pull_back(outer);
    add_neural_sort_gradient(scores, temperature, sorted, outer, gradient);
    return term;
  }
};

}  // namespace

Loss build_neural_ndcg_loss(const LossOptions& options) {
  check_option(options.temperature > 0, options, "temperature", options.temperature,
               "a finite positive number");
  check_option(options.eps > 0, options, "eps", options.eps, "a finite positive number");
  const double k = static_cast<double>(options.k.value_or(1));
  check_option(k >= 1, options, "k", k, "at least 1");
  return sum_over_lists(
      NeuralNdcg{options.temperature, options.eps, options.k, find_gain(options.gain)});
}

}  // namespace lambdaforge::losses
