#include "experiments/trainer_state.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

using Json = nlohmann::json;  // an object's keys are sorted

// One table for both directions: calls visit(key, member) for every field but log_history and the
// two that are JSON themselves.
template <class State, class Visit>
void for_each_field(State& state, Visit visit) {
  visit("best_global_step", state.best_global_step);
  visit("best_metric", state.best_metric);
  visit("best_model_checkpoint", state.best_model_checkpoint);
  visit("epoch", state.epoch);
  visit("eval_steps", state.eval_steps);
  visit("global_step", state.global_step);
  visit("is_hyper_param_search", state.is_hyper_param_search);
  visit("is_local_process_zero", state.is_local_process_zero);
  visit("is_world_process_zero", state.is_world_process_zero);
  visit("logging_steps", state.logging_steps);
  visit("max_steps", state.max_steps);
  visit("num_input_tokens_seen", state.num_input_tokens_seen);
  visit("num_train_epochs", state.num_train_epochs);
  visit("save_steps", state.save_steps);
  visit("total_flos", state.total_flos);
  visit("train_batch_size", state.train_batch_size);
  visit("trial_name", state.trial_name);
}

// JSON has no NaN, Python's writer and reader do.
const std::array<std::pair<std::string_view, double>, 3> kNonFinite{{
    {"NaN", std::numeric_limits<double>::quiet_NaN()},
    {"-Infinity", -std::numeric_limits<double>::infinity()},
    {"Infinity", std::numeric_limits<double>::infinity()},
}};

std::string format_scalar(const Json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  }
  return value.dump(-1, ' ', /*ensure_ascii=*/true);
}

void append(std::string& out, const Json& value, size_t indent) {
  if (!value.is_structured() || value.empty()) {
    out += format_scalar(value);
    return;
  }
  out += value.is_object() ? "{" : "[";
  bool first = true;
  for (const auto& item : value.items()) {
    out.append(std::exchange(first, false) ? "\n" : ",\n").append(indent + 2, ' ');
    if (value.is_object()) out += Json(item.key()).dump(-1, ' ', true) + ": ";
    append(out, item.value(), indent + 2);
  }
  out.append("\n").append(indent, ' ').append(value.is_object() ? "}" : "]");
}

// Puts NaN, Infinity and -Infinity outside of strings between quotes, so that a strict reader takes
// them.
std::string quote_non_finite(std::string_view json) {
  std::string quoted;
  bool in_string = false;
  while (!json.empty()) {
    std::string_view part = json.substr(0, 1);
    if (in_string && json[0] == '\\') part = json.substr(0, 2);
    if (json[0] == '"') in_string = !in_string;
    if (!in_string)
      for (const auto& [name, value] : kNonFinite)
        if (json.starts_with(name)) part = name;
    const bool is_name = !in_string && part.size() > 1;
    quoted.append(is_name ? "\"" : "").append(part).append(is_name ? "\"" : "");
    json.remove_prefix(part.size());
  }
  return quoted;
}

double to_double(const Json& value) {
  if (value.is_string())
    for (const auto& [name, number] : kNonFinite)
      if (value.get_ref<const std::string&>() == name) return number;
  return value.get<double>();
}

template <class T>
Json to_node(const std::optional<T>& member) {
  return member ? Json(*member) : Json();
}
template <class T>
Json to_node(const T& member) {
  return member;
}

template <class T>
void read(const Json& node, T& member) {
  if constexpr (std::is_same_v<T, double>)
    member = to_double(node);
  else
    member = node.get<T>();
}
template <class T>
void read(const Json& node, std::optional<T>& member) {
  if (node.is_null())
    member.reset();
  else
    read(node, member.emplace());
}

bool is_count(std::string_view name) {
  return name == "step" || name == "num_input_tokens_seen";
}

Json to_node(const Metrics& row) {
  Json node = Json::object();
  for (const auto& [name, value] : row) {
    if (is_count(name))
      node[name] = static_cast<int64_t>(value);
    else
      node[name] = value;
  }
  return node;
}

Metrics to_row(const Json& node) {
  Metrics row;
  for (const auto& item : node.get_ref<const Json::object_t&>())
    row.emplace_back(item.first, to_double(item.second));
  return row;
}

TrainerState from_node(const Json& root) {
  TrainerState state;
  root.at("global_step");  // a state without it is no state
  for_each_field(state, [&root](const char* key, auto& member) {
    if (const auto found = root.find(key); found != root.end()) read(*found, member);
  });
  if (const auto history = root.find("log_history"); history != root.end())
    for (const Json& row : history->get_ref<const Json::array_t&>())
      state.log_history.push_back(to_row(row));
  state.stateful_callbacks = root.value("stateful_callbacks", Json::object()).dump();
  state.trial_params = root.value("trial_params", Json()).dump();
  return state;
}

}  // namespace

std::string to_json(const TrainerState& state) {
  Json root = Json::object();
  for_each_field(state,
                 [&root](const char* key, const auto& member) { root[key] = to_node(member); });
  root["log_history"] = Json::array();
  for (const Metrics& row : state.log_history) root["log_history"].push_back(to_node(row));
  root["stateful_callbacks"] = Json::parse(state.stateful_callbacks);
  root["trial_params"] = Json::parse(state.trial_params);
  std::string text;
  append(text, root, 0);
  return text + "\n";
}

TrainerState parse_trainer_state(std::string_view json, std::string_view origin) {
  try {
    return from_node(Json::parse(quote_non_finite(json)));
  } catch (const Json::exception& error) {
    throw std::invalid_argument(
        fmt::format("{} is damaged or no trainer_state.json: {}; go on from an earlier checkpoint",
                    origin, error.what()));
  }
}

void save_trainer_state(const std::filesystem::path& path, const TrainerState& state) {
  write_file_atomically(path, to_json(state));
}

TrainerState load_trainer_state(const std::filesystem::path& path) {
  return parse_trainer_state(read_file(path), path.string());
}

}  // namespace lambdaforge::experiments
