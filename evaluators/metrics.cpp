#include "evaluators/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string_view>

namespace lambdaforge::evaluators {
namespace {

void check_cut_off(size_t k) {
  if (k < 1) throw std::invalid_argument("a metric's cut-off k must be at least 1, got 0");
}

void check_highest_grade(const Ranking& ranking, int highest, std::string_view metric) {
  if (!ranking.judged.empty() && ranking.judged.front() > highest)
    throw std::invalid_argument(
        fmt::format("{} takes grades up to {}, got {}; map the judgements to a smaller scale",
                    metric, highest, ranking.judged.front()));
}

double ratio(size_t part, size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

double discount(size_t rank) {
  return 1 / std::log2(static_cast<double>(rank) + 1);
}

double gain_of(int grade, Gain gain) {
  if (!is_relevant(grade)) return 0;
  return gain == Gain::kLinear ? grade : std::exp2(grade) - 1;
}

// The tied documents at ranks begin + 1 to end, of which the first k ranks count.
double tied_dcg(const Ranking& ranking, size_t begin, size_t end, size_t k, Gain gain) {
  double gains = 0;
  for (size_t i = begin; i < end; ++i) gains += gain_of(ranking.grades[i].value_or(0), gain);
  if (gains == 0) return 0;
  double discounts = 0;
  for (size_t i = begin; i < std::min(end, k); ++i) discounts += discount(i + 1);
  return gains / static_cast<double>(end - begin) * discounts;
}

double ideal_dcg(const Ranking& ranking, size_t k, Gain gain) {
  double sum = 0;
  for (size_t i = 0; i < std::min(ranking.num_relevant(), k); ++i)
    sum += gain_of(ranking.judged[i], gain) * discount(i + 1);
  return sum;
}

size_t num_relevant_within(const Ranking& ranking, size_t k) {
  size_t count = 0;
  for (size_t i = 0; i < std::min(ranking.grades.size(), k); ++i) count += ranking.relevant_at(i);
  return count;
}

}  // namespace

std::optional<double> ndcg(const Ranking& ranking, size_t k, Gain gain) {
  constexpr int kHighestGrade = 1000;
  check_cut_off(k);
  if (gain == Gain::kExponential) check_highest_grade(ranking, kHighestGrade, "ndcg_exp");
  if (ranking.num_relevant() == 0) return std::nullopt;
  double dcg = 0;
  size_t begin = 0;
  for (const size_t end : ranking.tie_ends) {
    if (begin >= k) break;
    dcg += tied_dcg(ranking, begin, end, k, gain);
    begin = end;
  }
  return dcg / ideal_dcg(ranking, k, gain);
}

std::optional<double> reciprocal_rank(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant() == 0) return std::nullopt;
  for (size_t i = 0; i < std::min(ranking.grades.size(), k); ++i)
    if (ranking.relevant_at(i)) return 1 / static_cast<double>(i + 1);
  return 0;
}

std::optional<double> average_precision(const Ranking& ranking) {
  const size_t num_relevant = ranking.num_relevant();
  if (num_relevant == 0) return std::nullopt;
  double sum = 0;
  size_t begin = 0;
  size_t found = 0;
  for (const size_t end : ranking.tie_ends) {
    const size_t before = found;
    for (; begin < end; ++begin) found += ranking.relevant_at(begin);
    sum +=
        static_cast<double>(found - before) * static_cast<double>(found) / static_cast<double>(end);
  }
  return sum / static_cast<double>(num_relevant);
}

std::optional<double> precision(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant() == 0) return std::nullopt;
  return ratio(num_relevant_within(ranking, k), k);
}

std::optional<double> recall(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant() == 0) return std::nullopt;
  return ratio(num_relevant_within(ranking, k), ranking.num_relevant());
}

std::optional<double> success(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  if (ranking.num_relevant() == 0) return std::nullopt;
  return num_relevant_within(ranking, k) > 0 ? 1 : 0;
}

std::optional<double> rbp(const Ranking& ranking, double p) {
  if (!(p > 0 && p < 1))
    throw std::invalid_argument(fmt::format("rbp's persistence must be in (0, 1), got {}", p));
  if (ranking.num_relevant() == 0) return std::nullopt;
  double sum = 0;
  double reaches = 1;  // the probability that the user gets this far
  for (size_t i = 0; i < ranking.grades.size(); ++i) {
    if (ranking.relevant_at(i)) sum += reaches;
    reaches *= p;
  }
  return (1 - p) * sum;
}

std::optional<double> err(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  check_highest_grade(ranking, kErrHighestGrade, "err");
  if (ranking.num_relevant() == 0) return std::nullopt;
  double sum = 0;
  double reaches = 1;  // the probability that no document above has satisfied the user
  for (size_t i = 0; i < std::min(ranking.grades.size(), k); ++i) {
    const double satisfies =
        gain_of(ranking.grades[i].value_or(0), Gain::kExponential) / std::exp2(kErrHighestGrade);
    sum += reaches * satisfies / static_cast<double>(i + 1);
    reaches *= 1 - satisfies;
  }
  return sum;
}

std::optional<double> bpref(const Ranking& ranking) {
  const size_t num_relevant = ranking.num_relevant();
  if (num_relevant == 0) return std::nullopt;
  const auto num_other = static_cast<size_t>(std::ranges::count(ranking.judged, 0));
  const double most = static_cast<double>(std::min(num_other, num_relevant));
  double sum = 0;
  size_t above = 0;  // documents that are judged not relevant
  for (const auto& grade : ranking.grades) {
    if (!grade || *grade < 0) continue;
    if (!is_relevant(*grade))
      ++above;
    else
      sum += above == 0 ? 1 : 1 - static_cast<double>(std::min(above, num_relevant)) / most;
  }
  return sum / static_cast<double>(num_relevant);
}

std::optional<double> judged(const Ranking& ranking, size_t k) {
  check_cut_off(k);
  const auto first = std::span(ranking.grades).first(std::min(ranking.grades.size(), k));
  if (first.empty()) return std::nullopt;
  const auto count =
      std::ranges::count_if(first, [](const auto& grade) { return grade.has_value(); });
  return ratio(static_cast<size_t>(count), first.size());
}

}  // namespace lambdaforge::evaluators
