#include "experiments/run_store/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/json_values.h"

namespace lambdaforge::experiments {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

void write_head(StoreFileWriter& file, const RunHead& head) {
  Json parameters = Json::object(), environment = Json::object(), ranks = Json::array();
  for (const auto& [name, value] : head.parameters) parameters[name] = json_of<Json>(value);
  for (const auto& [name, value] : head.environment) environment[name] = value;
  for (const RankInfo& rank : head.ranks)
    ranks.push_back({{"rank", rank.rank},
                     {"local_rank", rank.local_rank},
                     {"host", rank.host},
                     {"device", rank.device},
                     {"gpu_uuid", rank.gpu_uuid},
                     {"gpu_name", rank.gpu_name}});
  file.set_text("format", kRunFormat);
  file.set_text("project", head.project);
  file.set_text("name", head.name);
  file.set_text("configuration", head.configuration);
  file.set_text("parameters", dump(parameters));
  file.set_text("environment", dump(environment));
  file.set_text("ranks", dump(ranks));
}

RunHead read_head(const StoreFileReader& file) {
  RunHead head;
  head.project = file.text("project");
  head.name = file.text("name");
  head.configuration = file.text("configuration");
  const Json parameters = Json::parse(file.text("parameters"));
  for (const auto& item : parameters.items())
    head.parameters.emplace_back(item.key(), parameter_of(item.value()));
  const Json environment = Json::parse(file.text("environment"));
  for (const auto& item : environment.items())
    head.environment.emplace_back(item.key(), item.value().get<std::string>());
  const Json ranks = Json::parse(file.text("ranks"));
  for (const Json& rank : ranks)
    head.ranks.push_back({rank.at("rank"), rank.at("local_rank"), rank.at("host"),
                          rank.at("device"), rank.at("gpu_uuid"), rank.at("gpu_name")});
  return head;
}

void create_tables(StoreFileWriter& file) {
  file.create(table_format<NameRow>());
  file.create(table_format<QueryRow>());
  file.create(table_format<ScalarRow>());
  file.create(table_format<EvaluationRow>());
  file.create(table_format<PerQueryRow>());
  file.create(table_format<CheckpointRow>());
  file.create(table_format<EnergyRow>());
  file.create(log_text_format());
  file.create(table_format<LogRow>());
  file.create(table_format<StartRow>());
  file.create(table_format<Heartbeat>());
}

// Rows whose names or texts are not there yet: their writer was about to add them.
void drop_dangling(RunRows& rows) {
  const auto is_in = [](int64_t number, size_t size) {
    return number >= 0 && static_cast<uint64_t>(number) < size;
  };
  const size_t series = rows.series.names().size();
  std::erase_if(rows.scalars, [&](const auto& row) { return !is_in(row.series, series); });
  std::erase_if(rows.per_query, [&](const PerQueryRow& row) {
    return !is_in(row.metric, series) || !is_in(row.query, rows.queries.names().size()) ||
           !is_in(row.evaluation, rows.evaluations.size());
  });
  std::erase_if(rows.log, [&](const LogRow& row) {
    return !is_in(row.begin, rows.log_text.size() + 1) || row.length < 0 ||
           static_cast<uint64_t>(row.length) >
               rows.log_text.size() - static_cast<uint64_t>(row.begin);
  });
  for (EvaluationRow& row : rows.evaluations)
    if (!is_in(row.metric, series)) row.metric = rows.series.number_of("");
}

RunRecord read_as_it_is(const std::filesystem::path& path) {
  const StoreFileReader file(path);
  if (const std::string format = file.text("format"); format != kRunFormat)
    throw std::invalid_argument(fmt::format("{} has the format '{}'; this program reads '{}'",
                                            path.string(), format, kRunFormat));
  RunRecord run;
  try {
    run.head = read_head(file);
  } catch (const Json::exception& error) {
    throw std::invalid_argument(
        fmt::format("{} is no intact run file: {}", path.string(), error.what()));
  }
  RunRows& rows = run.rows;
  // Against the order of writing: what a row points to is read after the row.
  rows.starts = file.rows<StartRow>();
  if (const auto beats = file.rows<Heartbeat>(); !beats.empty()) rows.heartbeat = beats.back();
  rows.log = file.rows<LogRow>();
  rows.log_text = file.log_text();
  rows.energy = file.rows<EnergyRow>();
  rows.checkpoints = file.rows<CheckpointRow>();
  rows.per_query = file.rows<PerQueryRow>();
  rows.evaluations = file.rows<EvaluationRow>();
  rows.scalars = file.rows<ScalarRow>();
  for (const QueryRow& query : file.rows<QueryRow>()) rows.queries.number_of(query.text());
  for (const NameRow& name : file.rows<NameRow>()) rows.series.number_of(name.text());
  return run;
}

}  // namespace

RunWriter::RunWriter(const std::filesystem::path& path, const RunRecord& record) : file_(path) {
  write_head(file_, record.head);
  create_tables(file_);
  append(record.rows);
  file_.publish();
}

void RunWriter::append(const RunRows& later) {
  const Renumbering::Rows rows = numbers_.apply(later);
  file_.append(rows.series);
  file_.append(rows.queries);
  file_.append(rows.scalars);
  file_.append(rows.evaluations);
  file_.append(rows.per_query);
  file_.append(later.checkpoints);
  file_.append(later.energy);
  file_.append(log_text_format(), later.log_text.data(), later.log_text.size());
  file_.append(later.starts);
  file_.append(rows.log);
  file_.overwrite(table_format<Heartbeat>(), &later.heartbeat);
  file_.flush();
  size_.scalars += rows.scalars.size();
  size_.evaluations += rows.evaluations.size();
  size_.per_query += rows.per_query.size();
  size_.checkpoints += later.checkpoints.size();
  size_.energy += later.energy.size();
  size_.log += rows.log.size();
  size_.log_bytes += later.log_text.size();
  size_.starts += later.starts.size();
}

void RunWriter::close() {
  file_.close();
}

RunRecord read_run(const std::filesystem::path& path) {
  RunRecord run = read_as_it_is(path);
  drop_dangling(run.rows);
  return run;
}

RunRecord read_run(const std::filesystem::path& path, const RunWriter::Size& size) {
  RunRecord run = read_as_it_is(path);
  RunRows& rows = run.rows;
  const auto keep = [](auto& table, size_t count) { table.resize(std::min(table.size(), count)); };
  keep(rows.scalars, size.scalars);
  keep(rows.evaluations, size.evaluations);
  keep(rows.per_query, size.per_query);
  keep(rows.checkpoints, size.checkpoints);
  keep(rows.energy, size.energy);
  keep(rows.log, size.log);
  keep(rows.log_text, size.log_bytes);
  keep(rows.starts, size.starts);
  drop_dangling(rows);
  return run;
}

}  // namespace lambdaforge::experiments
