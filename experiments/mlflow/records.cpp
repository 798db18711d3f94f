#include "experiments/mlflow/records.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lambdaforge::experiments::mlflow {
namespace {

using Json = nlohmann::ordered_json;

// mlflow/utils/validation.py
constexpr size_t kMetricsPerBatch = 1000, kParamsPerBatch = 100, kTagsPerBatch = 100;
constexpr size_t kEntitiesPerBatch = 1000;
constexpr size_t kBytesPerBatch = 900'000;  // of 1 MB; the rest is JSON's own
constexpr size_t kParamLength = 6000, kTagLength = 8000;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// JSON has no NaN; protobuf's JSON, which the server reads, has these texts for it.
Json to_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

double to_double(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "NaN") return NAN;
  if (text == "Infinity") return INFINITY;
  if (text == "-Infinity") return -INFINITY;
  throw std::invalid_argument(fmt::format("'{}' is no number", text));
}

Json to_json(const std::vector<KeyValue>& pairs) {
  Json list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back({{"key", key}, {"value", value}});
  return list;
}

std::vector<KeyValue> to_pairs(const Json& list) {
  std::vector<KeyValue> pairs;
  for (const Json& pair : list) pairs.push_back({pair.at("key"), pair.at("value")});
  return pairs;
}

Json to_json(const Metric& metric) {
  return {{"key", metric.key},
          {"value", to_json(metric.value)},
          {"timestamp", metric.timestamp},
          {"step", metric.step}};
}

Metric to_metric(const Json& json) {
  return {json.at("key"), to_double(json.at("value")), json.at("timestamp"), json.at("step"),
          json.value("of_time", false)};
}

Json to_json(const std::vector<Metric>& metrics) {
  Json list = Json::array();
  for (const Metric& metric : metrics) list.push_back(to_json(metric));
  return list;
}

// What the server reads, and nothing else.
Json request_fields(const Batch& batch) {
  return {{"metrics", to_json(batch.metrics)},
          {"params", to_json(batch.params)},
          {"tags", to_json(batch.tags)}};
}

Json fields(const Batch& batch) {
  Json json = request_fields(batch);
  for (size_t i = 0; i < batch.metrics.size(); ++i)
    if (batch.metrics[i].of_time) json["metrics"][i]["of_time"] = true;
  return json;
}

Json fields(const RunStart& start) {
  return {{"experiment", start.experiment},
          {"name", start.name},
          {"start_time", start.start_time},
          {"goes_on", start.goes_on},
          {"tags", to_json(start.tags)}};
}

Json fields(const Artifact& artifact) {
  return {{"file", artifact.file}, {"path", artifact.path}};
}

Json fields(const RunEnd& end) {
  return {{"status", end.status}, {"end_time", end.end_time}};
}

constexpr const char* kind_of(const RunStart&) {
  return "start";
}
constexpr const char* kind_of(const Batch&) {
  return "batch";
}
constexpr const char* kind_of(const Artifact&) {
  return "artifact";
}
constexpr const char* kind_of(const RunEnd&) {
  return "end";
}

Record to_record(const std::string& kind, const Json& json) {
  if (kind == "start")
    return RunStart{json.at("experiment"), json.at("name"), json.at("start_time"),
                    json.at("goes_on"), to_pairs(json.at("tags"))};
  if (kind == "artifact") return Artifact{json.at("file"), json.at("path")};
  if (kind == "end") return RunEnd{json.at("status"), json.at("end_time")};
  if (kind != "batch") throw std::invalid_argument(fmt::format("'{}' is no record", kind));
  Batch batch{{}, to_pairs(json.at("params")), to_pairs(json.at("tags"))};
  for (const Json& metric : json.at("metrics")) batch.metrics.push_back(to_metric(metric));
  return batch;
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// At most `bytes` of UTF-8, not cut inside a character.
std::string cut(std::string text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_continuation(text[bytes])) --bytes;
  text.resize(bytes);
  return text;
}

// As Python writes them, which is what the peer's runs beside ours hold.
struct Describe {
  std::string operator()(std::monostate) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const std::vector<std::string>& value) const {
    return value.empty() ? "[]" : fmt::format("['{}']", fmt::join(value, "', '"));
  }
};

// Fills parts up to the limits of a request.
class Packer {
 public:
  template <class Item>
  void add(std::vector<Item> Batch::*list, size_t most, size_t bytes, const Item& item) {
    const bool fits = !parts_.empty() && (parts_.back().*list).size() < most &&
                      parts_.back().size() < kEntitiesPerBatch && bytes_ + bytes <= kBytesPerBatch;
    if (!fits) {
      parts_.emplace_back();
      bytes_ = 0;
    }
    (parts_.back().*list).push_back(item);
    bytes_ += bytes;
  }

  std::vector<Batch> take() { return std::move(parts_); }

 private:
  std::vector<Batch> parts_;
  size_t bytes_ = 0;
};

constexpr size_t kBytesAround = 100;  // of JSON, an item

size_t bytes_of(const KeyValue& pair) {
  return pair.key.size() + pair.value.size() + kBytesAround;
}

}  // namespace

std::string to_line(const Record& record) {
  return std::visit(
      [](const auto& one) {
        Json json = {{"kind", kind_of(one)}};
        json.update(fields(one));
        return dump(json);
      },
      record);
}

Record parse_record(std::string_view line) try {
  const Json json = Json::parse(line);
  return to_record(json.at("kind"), json);
} catch (const Json::exception& error) {
  throw std::invalid_argument(fmt::format("no record of an MLflow spool: {}", error.what()));
}

std::string log_batch_body(const Batch& batch, const std::string& run_id) {
  Json json = {{"run_id", run_id}};
  json.update(request_fields(batch));
  return dump(json);
}

std::string metric_key(std::string_view name) {
  constexpr std::string_view kAllowed = "_-. :/";
  std::string key;
  for (const char c : name) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (is_word || kAllowed.find(c) != kAllowed.npos)
      key += c;
    else if (!is_continuation(c))
      key += '_';
  }
  return key;
}

std::vector<KeyValue> params_of(const Parameters& parameters) {
  std::vector<KeyValue> params;
  for (const auto& [name, value] : parameters)
    params.push_back({name, cut(std::visit(Describe{}, value), kParamLength)});
  return params;
}

std::string cut_tag(std::string value) {
  return cut(std::move(value), kTagLength);
}

std::vector<Batch> within_limits(const Batch& batch) {
  Packer packer;
  for (const KeyValue& tag : batch.tags)
    packer.add(&Batch::tags, kTagsPerBatch, bytes_of(tag), tag);
  for (const KeyValue& param : batch.params)
    packer.add(&Batch::params, kParamsPerBatch, bytes_of(param), param);
  for (const Metric& metric : batch.metrics)
    packer.add(&Batch::metrics, kMetricsPerBatch, metric.key.size() + kBytesAround, metric);
  return packer.take();
}

}  // namespace lambdaforge::experiments::mlflow
