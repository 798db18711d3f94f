#include "experiments/run_store/format.h"

#include <type_traits>

namespace lambdaforge::experiments {
namespace {

template <class Member>
constexpr ColumnType column_type() {
  if constexpr (std::is_same_v<Member, int32_t>) return ColumnType::kInt32;
  if constexpr (std::is_same_v<Member, int64_t>) return ColumnType::kInt64;
  if constexpr (std::is_same_v<Member, double>) return ColumnType::kFloat64;
  return ColumnType::kText;
}

template <class Row, class Member>
Column column(const char* name, Member Row::*member) {
  static const Row row{};
  const auto offset = reinterpret_cast<const char*>(&(row.*member)) -  //
                      reinterpret_cast<const char*>(&row);
  return {name, column_type<Member>(), static_cast<size_t>(offset), sizeof(Member)};
}

template <class Row>
TableFormat format(const char* name, size_t chunk_rows, std::vector<Column> columns) {
  return {name, sizeof(Row), chunk_rows, std::move(columns)};
}

}  // namespace

template <>
const TableFormat& table_format<NameRow>() {
  static const TableFormat table =
      format<NameRow>("series", 32, {{nullptr, ColumnType::kText, 0, sizeof(NameRow)}});
  return table;
}

template <>
const TableFormat& table_format<QueryRow>() {
  static const TableFormat table =
      format<QueryRow>("queries", 64, {{nullptr, ColumnType::kText, 0, sizeof(QueryRow)}});
  return table;
}

const TableFormat& log_text_format() {
  static const TableFormat table{"log_text", 1, 4096, {{nullptr, ColumnType::kText, 0, 1}}};
  return table;
}

template <>
const TableFormat& table_format<ScalarRow>() {
  using Row = ScalarRow;
  static const TableFormat table =
      format<Row>("scalars", 1024,
                  {column("series", &Row::series), column("step", &Row::step),
                   column("time", &Row::time), column("value", &Row::value)});
  return table;
}

template <>
const TableFormat& table_format<EvaluationRow>() {
  using Row = EvaluationRow;
  static const TableFormat table =
      format<Row>("evaluations", 64,
                  {column("step", &Row::step), column("epoch", &Row::epoch),
                   column("time", &Row::time), column("is_best", &Row::is_best),
                   column("metric", &Row::metric), column("value", &Row::value)});
  return table;
}

template <>
const TableFormat& table_format<PerQueryRow>() {
  using Row = PerQueryRow;
  static const TableFormat table =
      format<Row>("per_query", 1024,
                  {column("evaluation", &Row::evaluation), column("metric", &Row::metric),
                   column("query", &Row::query), column("value", &Row::value)});
  return table;
}

template <>
const TableFormat& table_format<CheckpointRow>() {
  using Row = CheckpointRow;
  static const TableFormat table =
      format<Row>("checkpoints", 4,
                  {column("step", &Row::step), column("time", &Row::time),
                   column("seconds", &Row::seconds), column("path", &Row::path)});
  return table;
}

template <>
const TableFormat& table_format<EnergyRow>() {
  using Row = EnergyRow;
  static const TableFormat table = format<Row>(
      "energy", 256,
      {column("step", &Row::step), column("time", &Row::time), column("seconds", &Row::seconds),
       column("cpu_kwh", &Row::cpu_kwh), column("gpu_kwh", &Row::gpu_kwh),
       column("memory_kwh", &Row::memory_kwh), column("cpu_watts", &Row::cpu_watts),
       column("gpu_watts", &Row::gpu_watts), column("memory_watts", &Row::memory_watts),
       column("emissions_kg", &Row::emissions_kg), column("training_kwh", &Row::training_kwh),
       column("evaluation_kwh", &Row::evaluation_kwh),
       column("checkpoint_kwh", &Row::checkpoint_kwh), column("idle_kwh", &Row::idle_kwh)});
  return table;
}

template <>
const TableFormat& table_format<LogRow>() {
  using Row = LogRow;
  static const TableFormat table = format<Row>(
      "log", 64,
      {column("time", &Row::time), column("step", &Row::step), column("kind", &Row::kind),
       column("begin", &Row::begin), column("length", &Row::length)});
  return table;
}

template <>
const TableFormat& table_format<StartRow>() {
  using Row = StartRow;
  static const TableFormat table =
      format<Row>("starts", 1,
                  {column("time", &Row::time), column("first_step", &Row::first_step),
                   column("max_steps", &Row::max_steps), column("restarts", &Row::restarts),
                   column("world_size", &Row::world_size), column("process_id", &Row::process_id),
                   column("process_start", &Row::process_start), column("machine", &Row::machine),
                   column("host", &Row::host), column("command", &Row::command)});
  return table;
}

template <>
const TableFormat& table_format<Heartbeat>() {
  using Row = Heartbeat;
  static const TableFormat table =
      format<Row>("heartbeat", 1, {column("time", &Row::time), column("step", &Row::step)});
  return table;
}

}  // namespace lambdaforge::experiments
