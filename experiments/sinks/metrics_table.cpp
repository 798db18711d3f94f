#include "experiments/sinks/metrics_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text_table.h"
#include "experiments/metric_name.h"

namespace lambdaforge::experiments {
namespace {

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
  void add(const MetricName& name, double value) {
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
    const MetricName parsed = parse_metric_name(name, metrics);
    if (!parsed.data_set.empty())
      ranking.add(parsed, value);
    else
      others.push_back({name, format_figure(value)});
  }
  std::vector<TextRow> rows = ranking.rows();
  rows.insert(rows.end(), others.begin(), others.end());
  return aligned_rows(rows);
}

}  // namespace lambdaforge::experiments
