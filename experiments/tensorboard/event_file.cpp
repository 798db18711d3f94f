#include "experiments/tensorboard/event_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tensorboard/event.pb.h>
#include <tensorboard/hparams.pb.h>

#include <stdexcept>

#include "base/files.h"
#include "experiments/tensorboard/record.h"

namespace lambdaforge::experiments::tensorboard {
namespace {

constexpr size_t kMostWaiting = 64 << 20;  // bytes, hours of steps

double seconds(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

Event event_at(Time time, int64_t step) {
  Event event;
  event.set_wall_time(seconds(time));
  event.set_step(step);
  return event;
}

Summary::Value* add_value(Event& event, const std::string& tag, const std::string& plugin) {
  Summary::Value* value = event.mutable_summary()->add_value();
  value->set_tag(tag);
  value->mutable_metadata()->mutable_plugin_data()->set_plugin_name(plugin);
  value->mutable_metadata()->set_data_class(SummaryMetadata::TENSOR);
  return value;
}

// The plugin reads the metadata; the empty tensor makes it a time series.
Event hparams_event(Time time, const std::string& tag, const HParamsPluginData& data) {
  Event event = event_at(time, 0);
  Summary::Value* value = add_value(event, tag, "hparams");
  value->mutable_metadata()->mutable_plugin_data()->set_content(data.SerializeAsString());
  value->mutable_tensor()->set_dtype(Tensor::FLOAT);
  value->mutable_tensor()->mutable_shape()->add_dim();
  return event;
}

struct Convert {
  google::protobuf::Value& to;

  void operator()(std::monostate) const {}
  void operator()(bool value) const { to.set_bool_value(value); }
  void operator()(int64_t value) const { to.set_number_value(static_cast<double>(value)); }
  void operator()(double value) const { to.set_number_value(value); }
  void operator()(const std::string& value) const { to.set_string_value(value); }
  void operator()(const std::vector<std::string>& value) const {
    to.set_string_value(fmt::format("{}", fmt::join(value, ", ")));
  }
};

}  // namespace

EventFile::EventFile(std::filesystem::path path, Time time) : path_(std::move(path)) {
  Event event = event_at(time, 0);
  event.set_file_version("brain.Event:2");  // the first record of every file
  add(event.SerializeAsString());
}

void EventFile::add_session_start(Time time, int64_t first_step) {
  Event event = event_at(time, first_step);
  event.mutable_session_log()->set_status(SessionLog::START);
  add(event.SerializeAsString());
}

void EventFile::add_scalars(Time time, int64_t step, const Metrics& scalars) {
  Event event = event_at(time, step);
  for (const auto& [tag, value] : scalars) {
    Summary::Value* scalar = event.mutable_summary()->add_value();
    scalar->set_tag(tag);
    scalar->set_simple_value(static_cast<float>(value));
  }
  add(event.SerializeAsString());
}

void EventFile::add_text(Time time, int64_t step, const std::string& tag,
                         const std::string& markdown) {
  Event event = event_at(time, step);
  Tensor* tensor = add_value(event, tag, "text")->mutable_tensor();
  tensor->set_dtype(Tensor::STRING);
  tensor->mutable_shape()->add_dim()->set_size(1);
  tensor->add_string_val(markdown);
  add(event.SerializeAsString());
}

void EventFile::add_hparams(Time time, const std::string& group, const Parameters& parameters) {
  HParamsPluginData data;
  SessionStart* start = data.mutable_session_start();
  start->set_group_name(group);
  start->set_start_time(seconds(time));
  for (const auto& [name, value] : parameters)
    if (!std::holds_alternative<std::monostate>(value))
      std::visit(Convert{(*start->mutable_hparams())[name]}, value);
  add(hparams_event(time, "_hparams_/session_start_info", data).SerializeAsString());
}

void EventFile::add_session_end(Time time, bool success) {
  HParamsPluginData data;
  data.mutable_session_end()->set_status(success ? SessionEnd::SUCCESS : SessionEnd::FAILURE);
  data.mutable_session_end()->set_end_time(seconds(time));
  add(hparams_event(time, "_hparams_/session_end_info", data).SerializeAsString());
}

void EventFile::add(const std::string& serialized_event) {
  if (waiting_.size() > kMostWaiting)
    throw std::runtime_error(fmt::format("{} could not be written for too long", path_.string()));
  waiting_ += frame(serialized_event);
}

void EventFile::flush() {
  if (waiting_.empty()) return;
  if (std::filesystem::exists(path_)) std::filesystem::resize_file(path_, size_);
  append_to_file(path_, waiting_);
  size_ += waiting_.size();
  waiting_.clear();
}

}  // namespace lambdaforge::experiments::tensorboard
