#include "experiments/run_store/record.h"

#include <algorithm>

namespace lambdaforge::experiments {

int32_t NameTable::number_of(const std::string& name) {
  const auto [place, is_new] = numbers_.try_emplace(name, static_cast<int32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  return place->second;
}

std::optional<int32_t> NameTable::find(const std::string& name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

void RunRows::add_scalar(const std::string& name, int64_t step, double time, double value) {
  // As the file will hold the name, so that it reads back under the same number.
  scalars.push_back({series.number_of(NameRow(name).text()), step, time, value});
}

void RunRows::add_log(std::string_view kind, int64_t step, double time, std::string_view text) {
  log.push_back({time, step, FixedText<16>(kind), static_cast<int64_t>(log_text.size()),
                 static_cast<int64_t>(text.size())});
  log_text += text;
}

std::string RunRows::log_line(const LogRow& row) const {
  return log_text.substr(static_cast<size_t>(row.begin), static_cast<size_t>(row.length));
}

void RunRows::append(const RunRows& later) {
  const auto add = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  const Renumbering::Rows rows = Renumbering(*this).apply(later);
  for (const NameRow& name : rows.series) series.number_of(name.text());
  for (const QueryRow& query : rows.queries) queries.number_of(query.text());
  add(scalars, rows.scalars);
  add(evaluations, rows.evaluations);
  add(per_query, rows.per_query);
  add(checkpoints, later.checkpoints);
  add(energy, later.energy);
  add(log, rows.log);
  log_text += later.log_text;
  add(starts, later.starts);
  if (later.heartbeat.time > 0) heartbeat = later.heartbeat;
}

void RunRows::cut_after(int64_t step) {
  std::erase_if(scalars, [&](const ScalarRow& row) {
    return row.step > step || series.name(row.series).starts_with("train_");
  });
  std::erase_if(checkpoints, [&](const CheckpointRow& row) { return row.step > step; });
  std::vector<int32_t> new_number(evaluations.size(), -1);
  std::vector<EvaluationRow> kept;
  for (size_t i = 0; i < evaluations.size(); ++i) {
    if (evaluations[i].step > step) continue;
    new_number[i] = static_cast<int32_t>(kept.size());
    kept.push_back(evaluations[i]);
  }
  evaluations = std::move(kept);
  for (PerQueryRow& row : per_query)
    row.evaluation = new_number[static_cast<size_t>(row.evaluation)];
  std::erase_if(per_query, [](const PerQueryRow& row) { return row.evaluation < 0; });
  heartbeat.step = std::min(heartbeat.step, step);
}

Renumbering::Renumbering(const RunRows& held)
    : series_(held.series),
      queries_(held.queries),
      evaluations_(static_cast<int32_t>(held.evaluations.size())),
      log_bytes_(static_cast<int64_t>(held.log_text.size())) {}

Renumbering::Rows Renumbering::apply(const RunRows& later) {
  const size_t known_series = series_.names().size(), known_queries = queries_.names().size();
  std::vector<int32_t> series, queries;
  for (const std::string& name : later.series.names()) series.push_back(series_.number_of(name));
  for (const std::string& id : later.queries.names()) queries.push_back(queries_.number_of(id));

  Rows rows;
  for (size_t i = known_series; i < series_.names().size(); ++i)
    rows.series.emplace_back(series_.names()[i]);
  for (size_t i = known_queries; i < queries_.names().size(); ++i)
    rows.queries.emplace_back(queries_.names()[i]);
  rows.scalars = later.scalars;
  for (ScalarRow& row : rows.scalars) row.series = series[static_cast<size_t>(row.series)];
  rows.evaluations = later.evaluations;
  for (EvaluationRow& row : rows.evaluations) row.metric = series[static_cast<size_t>(row.metric)];
  rows.per_query = later.per_query;
  for (PerQueryRow& row : rows.per_query) {
    row.evaluation += evaluations_;
    row.metric = series[static_cast<size_t>(row.metric)];
    row.query = queries[static_cast<size_t>(row.query)];
  }
  rows.log = later.log;
  for (LogRow& row : rows.log) row.begin += log_bytes_;
  evaluations_ += static_cast<int32_t>(later.evaluations.size());
  log_bytes_ += static_cast<int64_t>(later.log_text.size());
  return rows;
}

}  // namespace lambdaforge::experiments
