#include "experiments/sinks/metrics_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "base/numbers.h"
#include "base/text_table.h"

namespace lambdaforge::experiments {
namespace {

constexpr std::string_view kEvaluation = "eval_";
constexpr std::string_view kBase = "base_";

struct RankingMetric {
  std::string data_set;  // "NanoNQ_R100"
  std::string metric;    // "ndcg@10"
  bool is_base = false;
};

// "map"; "ndcg@10", "rbp@0.8" and whatever else has a number behind an @.
bool is_ranking_metric(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOfWholeList = {"map",      "mrr", "ndcg",
                                                            "ndcg_exp", "err", "bpref"};
  if (std::ranges::find(kOfWholeList, name) != kOfWholeList.end()) return true;
  const size_t at = name.find('@');
  return at != 0 && at != name.npos && read_number<double>(name.substr(at + 1));
}

// "eval_NanoNQ_R100_base_ndcg@10" -> {"NanoNQ_R100", "ndcg@10", true}
std::optional<RankingMetric> parse_ranking_metric(std::string_view name) {
  if (name.substr(0, kEvaluation.size()) == kEvaluation) name.remove_prefix(kEvaluation.size());
  size_t underscore = name.rfind("_ndcg_exp");  // the one metric with an underscore of its own
  if (underscore == std::string_view::npos) underscore = name.rfind('_');
  if (underscore == std::string_view::npos || !is_ranking_metric(name.substr(underscore + 1)))
    return std::nullopt;
  RankingMetric result{std::string(name.substr(0, underscore + 1)),
                       std::string(name.substr(underscore + 1)), false};
  if (result.data_set.size() > kBase.size() && result.data_set.ends_with(kBase)) {
    result.is_base = true;
    result.data_set.resize(result.data_set.size() - kBase.size());
  }
  result.data_set.pop_back();  // the underscore
  return result;
}

void add_unless_known(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Four decimals, or four digits of what would vanish behind them (a kWh of a short run).
std::string format_figure(double value) {
  return value != 0 && std::abs(value) < 1e-3 ? fmt::format("{:.4g}", value)
                                              : fmt::format("{:.4f}", value);
}

// One row a data set, one column a metric, in the order in which they come.
class RankingTable {
 public:
  void add(const RankingMetric& name, double value) {
    add_unless_known(data_sets_, name.data_set);
    add_unless_known(metrics_, name.metric);
    (name.is_base ? base_ : reached_)[{name.data_set, name.metric}] = value;
  }

  std::vector<TextRow> rows() const {
    std::vector<TextRow> rows;
    if (data_sets_.empty()) return rows;
    rows.push_back({""});
    rows[0].insert(rows[0].end(), metrics_.begin(), metrics_.end());
    for (const std::string& data_set : data_sets_) {
      TextRow row{data_set};
      for (const std::string& metric : metrics_) row.push_back(cell({data_set, metric}));
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  using Key = std::pair<std::string, std::string>;

  std::string cell(const Key& key) const {
    const auto reached = reached_.find(key);
    const auto base = base_.find(key);
    if (reached == reached_.end()) return "-";
    if (base == base_.end()) return fmt::format("{:.4f}", reached->second);
    return fmt::format("{:.4f} ({:+.4f})", reached->second, reached->second - base->second);
  }

  std::vector<std::string> data_sets_, metrics_;
  std::map<Key, double> reached_, base_;
};

}  // namespace

std::string metrics_table(const Metrics& metrics) {
  RankingTable ranking;
  std::vector<TextRow> others;
  for (const auto& [name, value] : metrics) {
    if (const auto parsed = parse_ranking_metric(name))
      ranking.add(*parsed, value);
    else
      others.push_back({name, format_figure(value)});
  }
  std::vector<TextRow> rows = ranking.rows();
  rows.insert(rows.end(), others.begin(), others.end());
  return aligned_rows(rows);
}

}  // namespace lambdaforge::experiments
