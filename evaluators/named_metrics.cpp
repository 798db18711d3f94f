#include "evaluators/named_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <variant>

#include "base/numbers.h"
#include "base/suggestion.h"
#include "evaluators/metrics.h"

namespace lambdaforge::evaluators {
namespace {

using Value = std::optional<double>;

struct OfWholeList {
  Value (*value)(const Ranking&);
};
struct OfFirstK {
  Value (*value)(const Ranking&, size_t k);
};
struct OfFirstKOrAll {
  Value (*value)(const Ranking&, size_t k);
};
struct WithPersistence {
  Value (*value)(const Ranking&, double p);
};

struct NamedMetric {
  std::string name;
  std::variant<OfWholeList, OfFirstK, OfFirstKOrAll, WithPersistence> metric;
};

Value ndcg_linear(const Ranking& ranking, size_t k) {
  return ndcg(ranking, k, Gain::kLinear);
}
Value ndcg_exponential(const Ranking& ranking, size_t k) {
  return ndcg(ranking, k, Gain::kExponential);
}

const std::vector<NamedMetric>& named_metrics() {
  static const std::vector<NamedMetric> all = {
      {"map", OfWholeList{average_precision}},
      {"mrr", OfFirstKOrAll{reciprocal_rank}},
      {"ndcg", OfFirstKOrAll{ndcg_linear}},
      {"ndcg_exp", OfFirstKOrAll{ndcg_exponential}},
      {"precision", OfFirstK{precision}},
      {"recall", OfFirstK{recall}},
      {"success", OfFirstK{success}},
      {"rbp", WithPersistence{rbp}},
      {"err", OfFirstKOrAll{err}},
      {"bpref", OfWholeList{bpref}},
      {"judged", OfFirstK{judged}},
  };
  return all;
}

const NamedMetric& find_metric(std::string_view name) {
  std::vector<std::string> known;
  for (const NamedMetric& metric : named_metrics()) {
    if (metric.name == name) return metric;
    known.push_back(metric.name);
  }
  throw std::invalid_argument(unknown_name_message("metric", name, known));
}

// Turns an entry of the table and what stands behind the @ into the metric asked for.
struct Builder {
  std::string_view name;
  std::optional<std::string_view> parameter;

  [[noreturn]] void refuse(const std::string& expected) const {
    throw std::invalid_argument(fmt::format("metric '{}{}{}': expected {}", name,
                                            parameter ? "@" : "", parameter.value_or(""),
                                            expected));
  }

  Metric operator()(OfWholeList metric) const {
    if (parameter) refuse(fmt::format("'{}' alone, it reads the whole list", name));
    return {std::string(name), metric.value};
  }
  Metric operator()(OfFirstK metric) const {
    const auto k = read_number<size_t>(parameter.value_or(""));
    if (!k || *k < 1) refuse(fmt::format("a cut-off of 1 or more, as in {}@10", name));
    return {fmt::format("{}@{}", name, *k),
            [=](const Ranking& ranking) { return metric.value(ranking, *k); }};
  }
  Metric operator()(OfFirstKOrAll metric) const {
    if (parameter) return (*this)(OfFirstK{metric.value});
    return {std::string(name),
            [=](const Ranking& ranking) { return metric.value(ranking, kNoCutOff); }};
  }
  Metric operator()(WithPersistence metric) const {
    const auto p = read_number<double>(parameter.value_or(""));
    if (!p || !(*p > 0 && *p < 1))
      refuse(fmt::format("a persistence above 0 and below 1, as in {}@0.8", name));
    return {fmt::format("{}@{}", name, *p),
            [=](const Ranking& ranking) { return metric.value(ranking, *p); }};
  }
};

}  // namespace

Metric parse_metric(std::string_view name) {
  const size_t at = name.find('@');
  Builder builder{name.substr(0, at), std::nullopt};
  if (at != name.npos) builder.parameter = name.substr(at + 1);
  return std::visit(builder, find_metric(builder.name).metric);
}

std::vector<Metric> parse_metrics(const std::vector<std::string>& names) {
  std::vector<Metric> metrics;
  for (const std::string& name : names) {
    Metric metric = parse_metric(name);
    if (std::ranges::find(metrics, metric.name, &Metric::name) == metrics.end())
      metrics.push_back(std::move(metric));
  }
  return metrics;
}

}  // namespace lambdaforge::evaluators
