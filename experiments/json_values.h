// Values of ours as JSON and back; nlohmann's ordered and unordered objects alike.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments {

// What is not set is null.
template <class Json>
Json json_of(const ParameterValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
          return nullptr;
        else
          return held;
      },
      value);
}

// Throws what `json` throws when it holds anything else.
template <class Json>
ParameterValue parameter_of(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_boolean()) return json.template get<bool>();
  if (json.is_number_float()) return json.template get<double>();
  if (json.is_string()) return json.template get<std::string>();
  if (json.is_array()) return json.template get<std::vector<std::string>>();
  return json.template get<int64_t>();
}

// JSON has no NaN and no infinity: null.
template <class Json>
Json json_of_finite(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

// {"eval_loss": 0.5, ...}
template <class Json>
Json json_of(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = json_of_finite<Json>(value);
  return json;
}

}  // namespace lambdaforge::experiments
