#include "experiments/mlflow/replay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments::mlflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kBytesAtOnce = 256 << 10;
constexpr const char* kUniqueTag = "lambdaforge.start";

std::filesystem::path state_file(const std::filesystem::path& run_folder) {
  return spool_folder(run_folder) / "run.json";
}

// Held while the descriptor is open.
int lock(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path path = folder / "lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  throw std::runtime_error(
      error == EWOULDBLOCK
          ? fmt::format("another process sends {} to MLflow already", folder.string())
          : fmt::format("cannot lock {}: {}", path.string(), strerror(error)));
}

// A line that a failing disk left unreadable is as one that the server refused.
std::optional<Record> parse(const std::string& line) try {
  return parse_record(line);
} catch (const std::invalid_argument&) {
  return std::nullopt;
}

void append(Batch& to, const Batch& more) {
  to.metrics.insert(to.metrics.end(), more.metrics.begin(), more.metrics.end());
  to.params.insert(to.params.end(), more.params.begin(), more.params.end());
  to.tags.insert(to.tags.end(), more.tags.begin(), more.tags.end());
}

// Takes the first half of the items out of `batch`.
Batch split(Batch& batch) {
  Batch first;
  size_t left = batch.size() / 2;
  const auto move = [&left](auto& from, auto& to) {
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(left, from.size()));
    to.assign(from.begin(), end);
    from.erase(from.begin(), end);
    left -= to.size();
  };
  move(batch.metrics, first.metrics);
  move(batch.params, first.params);
  move(batch.tags, first.tags);
  return first;
}

}  // namespace

std::filesystem::path spool_folder(const std::filesystem::path& run_folder) {
  return run_folder / "mlflow";
}

ReplayState load_replay_state(const std::filesystem::path& run_folder) {
  const std::filesystem::path path = state_file(run_folder);
  if (!std::filesystem::exists(path)) return {};
  try {
    const Json json = Json::parse(read_file(path));
    return {json.at("tracking_uri"),
            {json.at("run_id"), json.at("artifact_uri")},
            json.at("run_is_open"),
            {json.at("segment"), json.at("offset")},
            json.at("last_steps")};
  } catch (const Json::exception& error) {
    throw std::runtime_error(fmt::format("{} is damaged: {}", path.string(), error.what()));
  }
}

Replay::Replay(std::filesystem::path run_folder, std::string tracking_uri, HttpClient& http)
    : run_folder_(std::move(run_folder)), folder_(spool_folder(run_folder_)), client_(http) {
  lock_ = lock(folder_);
  try {
    state_ = load_replay_state(run_folder_);
    state_.tracking_uri = without_credentials(tracking_uri);
    save(state_.done);
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

Replay::~Replay() {
  ::close(lock_);
}

bool Replay::send_some() {
  const auto lines = read_spool(folder_, state_.done, kBytesAtOnce);
  if (lines.empty()) return false;
  auto record = parse(lines[0].text);
  SpoolPosition end = lines[0].end;
  if (!record) refuse("a damaged line of the spool");
  if (record && std::holds_alternative<Batch>(*record)) {
    Batch& batch = std::get<Batch>(*record);
    for (size_t i = 1; i < lines.size(); ++i) {
      const auto next = parse(lines[i].text);
      if (!next || !std::holds_alternative<Batch>(*next)) break;
      append(batch, std::get<Batch>(*next));
      end = lines[i].end;
    }
  }
  if (record) std::visit([&](const auto& one) { handle(one); }, *record);
  save(end);
  delete_done(folder_, end);
  return true;
}

void Replay::handle(const RunStart& start) {
  if (start.goes_on && !state_.run.id.empty()) try {
      client_.reopen_run(state_.run.id);
      state_.run_is_open = true;
      return;
    } catch (const Refused&) {
      // Somebody deleted it: the rest of the run gets another one.
    }
  start_run(start);
}

// What an earlier start in this folder left open did not come to its end.
void Replay::start_run(const RunStart& start) try {
  if (state_.run_is_open) try {
      client_.end_run(state_.run.id, {"KILLED", start.start_time});
    } catch (const Refused&) {
      // Deleted, then.
    }
  const auto tag = std::find_if(start.tags.begin(), start.tags.end(),
                                [](const KeyValue& t) { return t.key == kUniqueTag; });
  if (tag == start.tags.end()) throw Refused(fmt::format("a run without {}", kUniqueTag));
  state_.run = client_.create_run(client_.experiment_id(start.experiment), start, *tag);
  state_.run_is_open = true;
  state_.last_steps.clear();
} catch (const Refused& error) {
  // Nothing that follows can be told without it: an experiment that was deleted, say.
  throw std::runtime_error(error.what());
}

void Replay::handle(const Batch& batch) {
  for (const Batch& part : within_limits(without_repetitions(batch))) deliver(part);
  for (const Metric& metric : batch.metrics) {
    if (metric.of_time) continue;
    const auto [last, is_new] = state_.last_steps.try_emplace(metric.key, metric.step);
    if (!is_new) last->second = std::max(last->second, metric.step);
  }
}

Batch Replay::without_repetitions(const Batch& batch) const {
  Batch fresh{{}, batch.params, batch.tags};
  for (const Metric& metric : batch.metrics) {
    const auto last = state_.last_steps.find(metric.key);
    if (metric.of_time || last == state_.last_steps.end() || metric.step > last->second)
      fresh.metrics.push_back(metric);
  }
  return fresh;
}

// One bad value makes the server refuse all that came with it; halving finds it.
void Replay::deliver(const Batch& batch) try {
  client_.log_batch(state_.run.id, batch);
} catch (const Refused& error) {
  if (batch.size() <= 1) return refuse(error.what());
  Batch second = batch;
  const Batch first = split(second);
  deliver(first);
  deliver(second);
}

void Replay::handle(const Artifact& artifact) try {
  const std::filesystem::path file = run_folder_ / artifact.file;
  if (!std::filesystem::exists(file))
    return refuse(fmt::format("{} is gone and not uploaded", file.string()));
  client_.put_artifact(state_.run, artifact.path, file);
} catch (const Refused& error) {
  refuse(error.what());
}

void Replay::handle(const RunEnd& end) try {
  client_.end_run(state_.run.id, end);
  state_.run_is_open = false;
} catch (const Refused& error) {
  refuse(error.what());
}

void Replay::refuse(const std::string& reason) {
  if (num_refused_++ == 0) first_refusal_ = reason;
}

void Replay::save(SpoolPosition done) {
  state_.done = done;
  const Json json = {{"tracking_uri", state_.tracking_uri},
                     {"run_id", state_.run.id},
                     {"artifact_uri", state_.run.artifact_uri},
                     {"run_is_open", state_.run_is_open},
                     {"segment", done.segment},
                     {"offset", done.offset},
                     {"last_steps", state_.last_steps}};
  write_file_atomically(state_file(run_folder_), json.dump(2) + "\n");
}

int64_t Replay::bytes_left() const {
  return mlflow::bytes_left(folder_, state_.done);
}

void Replay::clean_up() {
  if (bytes_left() > 0) return;
  save({state_.done.segment + 1, 0});
  delete_done(folder_, state_.done);
}

}  // namespace lambdaforge::experiments::mlflow
