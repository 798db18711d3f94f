#include "evaluators/classification_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "evaluators/metrics.h"

namespace lambdaforge::evaluators {
namespace {

double ratio(size_t part, size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// Parts the first `end` of the descending `scores` from the rest.
float threshold_after(const std::vector<float>& scores, size_t end) {
  const float last = scores[end - 1];
  if (end == scores.size()) return last;
  const float half_way = (last + scores[end]) / 2;
  return half_way == scores[end] ? last : half_way;
}

}  // namespace

BinaryFigures binary_figures(std::span<const float> scores, std::span<const int> positive) {
  const Ranking ranking = rank_by_score(scores, positive);
  std::vector<float> sorted(scores.begin(), scores.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const size_t positives = ranking.num_relevant();
  const size_t negatives = sorted.size() - positives;

  BinaryFigures best;
  best.accuracy = ratio(negatives, sorted.size());
  best.accuracy_threshold = std::nextafter(sorted.front(), std::numeric_limits<float>::infinity());
  size_t hits = 0;  // positives among the first `end`
  size_t begin = 0;
  for (const size_t end : ranking.tie_ends) {
    for (; begin < end; ++begin) hits += ranking.relevant_at(begin);
    const double accuracy = ratio(hits + negatives - (end - hits), sorted.size());
    if (accuracy > best.accuracy) {
      best.accuracy = accuracy;
      best.accuracy_threshold = threshold_after(sorted, end);
    }
    if (hits == 0) continue;
    const double precision = ratio(hits, end), recall = ratio(hits, positives);
    const double f1 = 2 * precision * recall / (precision + recall);
    if (f1 > best.f1) {
      best.f1 = f1;
      best.f1_threshold = threshold_after(sorted, end);
      best.precision = precision;
      best.recall = recall;
    }
  }
  best.average_precision = average_precision(ranking).value_or(0);
  return best;
}

F1Averages f1_averages(std::span<const size_t> labels, std::span<const size_t> predicted,
                       size_t classes) {
  std::vector<size_t> labelled(classes), called(classes), hits(classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    ++labelled[labels[i]];
    ++called[predicted[i]];
    hits[labels[i]] += labels[i] == predicted[i];
  }
  F1Averages averages;
  size_t all_hits = 0, occurring = 0;
  for (size_t c = 0; c < classes; ++c) {
    if (labelled[c] + called[c] == 0) continue;
    const double f1 = 2 * ratio(hits[c], labelled[c] + called[c]);
    averages.macro += f1;
    averages.weighted += f1 * ratio(labelled[c], labels.size());
    all_hits += hits[c];
    ++occurring;
  }
  averages.macro /= static_cast<double>(occurring);
  averages.micro = ratio(all_hits, labels.size());
  return averages;
}

}  // namespace lambdaforge::evaluators
