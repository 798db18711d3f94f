#include "experiments/run_store/index.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>

#include "base/files.h"
#include "experiments/json_values.h"
#include "experiments/run_store/run_file.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kIndexName = ".lambdaforge-runs";
constexpr int kIndexVersion = 1;
constexpr int kDepth = 8;  // of folders in which runs are looked for
// A file that changed so shortly before it was read may change again under the same time.
constexpr int64_t kFreshNanoseconds = 2'000'000'000;

struct Stamp {
  int64_t nanoseconds = 0;  // of the last change
  int64_t bytes = 0;
  bool operator==(const Stamp&) const = default;
};

struct Entry {
  Stamp stamp;
  RunSummary summary;
};
using Entries = std::unordered_map<std::string, Entry>;  // by path

Stamp stamp_of(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_size};
}

int64_t now_nanoseconds() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Names are the same from run to run: each is there once, runs hold their numbers.
Json to_json(const std::string& path, const Entry& entry, NameTable& names) {
  const RunSummary& run = entry.summary;
  Json parameters = Json::array(), metrics = Json::array(), best = nullptr;
  for (const auto& [name, value] : run.parameters) {
    parameters.push_back(names.number_of(name));
    parameters.push_back(json_of<Json>(value));
  }
  for (const auto& [name, value] : run.metrics) {
    metrics.push_back(names.number_of(name));
    metrics.push_back(value);
  }
  if (run.best) best = {run.best->metric, run.best->value, run.best->step};
  return {path,
          entry.stamp.nanoseconds,
          entry.stamp.bytes,
          run.damage,
          run.project,
          run.name,
          run.started,
          run.heartbeat.time,
          run.heartbeat.step,
          run.max_steps,
          run.end ? static_cast<int>(*run.end) : -1,
          run.machine,
          run.process_id,
          run.process_start,
          std::move(best),
          std::move(parameters),
          std::move(metrics)};
}

Entry to_entry(const Json& json, const std::vector<std::string>& names) {
  Entry entry;
  RunSummary& run = entry.summary;
  size_t i = 0;
  const auto take = [&](auto& member) { json.at(i++).get_to(member); };
  int end = -1;
  take(run.path);
  take(entry.stamp.nanoseconds);
  take(entry.stamp.bytes);
  take(run.damage);
  take(run.project);
  take(run.name);
  take(run.started);
  take(run.heartbeat.time);
  take(run.heartbeat.step);
  take(run.max_steps);
  take(end);
  take(run.machine);
  take(run.process_id);
  take(run.process_start);
  if (end >= 0) run.end = static_cast<RunStatus>(end);
  if (const Json& best = json.at(i++); !best.is_null())
    run.best = {best.at(0).get<std::string>(), best.at(1).get<double>(), best.at(2).get<int64_t>()};
  const Json& parameters = json.at(i++);
  for (size_t j = 0; j + 1 < parameters.size(); j += 2)
    run.parameters.emplace_back(names.at(parameters[j].get<size_t>()),
                                parameter_of(parameters[j + 1]));
  const Json& metrics = json.at(i++);
  for (size_t j = 0; j + 1 < metrics.size(); j += 2)
    run.metrics.emplace_back(names.at(metrics[j].get<size_t>()), metrics[j + 1].get<double>());
  return entry;
}

// Behind a hash of itself, so that damage is seen.
std::string with_hash(const std::string& content) {
  return fmt::format("{:016x}{}", std::hash<std::string>{}(content), content);
}

Entries load_index(const fs::path& file) {
  constexpr size_t kHashBytes = 16;
  Entries entries;
  try {
    const std::string text = read_file(file);
    const std::string content = text.substr(std::min(text.size(), kHashBytes));
    if (text != with_hash(content)) return {};
    const Json index = Json::from_msgpack(content);
    if (index.at(0) != kIndexVersion) return {};
    const auto names = index.at(1).get<std::vector<std::string>>();
    for (const Json& run : index.at(2)) {
      Entry entry = to_entry(run, names);
      entries.emplace(entry.summary.path, std::move(entry));
    }
    return entries;
  } catch (const std::exception&) {
    return {};  // it is only a memory of what the runs' files say
  }
}

void save_index(const fs::path& file, const std::vector<Entry>& entries) {
  NameTable names;
  Json runs = Json::array();
  for (const Entry& entry : entries) runs.push_back(to_json(entry.summary.path, entry, names));
  const std::vector<uint8_t> bytes =
      Json::to_msgpack(Json::array({kIndexVersion, names.names(), std::move(runs)}));
  try {
    write_file_atomically(file, with_hash(std::string(bytes.begin(), bytes.end())));
  } catch (const std::runtime_error&) {
    // A read-only folder: the next call takes as long again.
  }
}

void find_runs_in(const fs::path& folder, int depth, std::vector<fs::path>& runs) {
  struct stat status {};
  if (::stat((folder / kRunFileName).c_str(), &status) == 0) {
    runs.push_back(folder);
    return;
  }
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (depth > 0 && entry->is_directory(ignored)) find_runs_in(entry->path(), depth - 1, runs);
  }
}

}  // namespace

RunSummary summarize_file(const fs::path& file) {
  try {
    return summarize(read_run(file));
  } catch (const std::exception& error) {
    RunSummary damaged;
    damaged.damage = error.what();
    return damaged;
  }
}

std::vector<fs::path> find_runs(const fs::path& folder) {
  std::vector<fs::path> runs;
  find_runs_in(folder, kDepth, runs);
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::vector<RunSummary> list_runs(const fs::path& folder) {
  if (std::error_code error; !fs::is_directory(folder, error))
    throw std::runtime_error(fmt::format("cannot list the runs of {}: {}", folder.string(),
                                         error ? error.message() : std::string("it is no folder")));
  const fs::path index_file = folder / kIndexName;
  Entries known = load_index(index_file);
  std::vector<Entry> entries;
  bool is_changed = false;
  for (const fs::path& run : find_runs(folder)) {
    const fs::path file = run / kRunFileName;
    const std::string path = run.lexically_relative(folder).string();
    const Stamp stamp = stamp_of(file);
    if (const auto found = known.find(path); found != known.end() && found->second.stamp == stamp) {
      entries.push_back(std::move(found->second));
      continue;
    }
    is_changed = true;
    const bool is_fresh = now_nanoseconds() - stamp.nanoseconds < kFreshNanoseconds;
    entries.push_back({is_fresh ? Stamp{} : stamp, summarize_file(file)});
    entries.back().summary.path = path;
  }
  if (is_changed || entries.size() != known.size()) save_index(index_file, entries);
  std::vector<RunSummary> runs;
  for (Entry& entry : entries) runs.push_back(std::move(entry.summary));
  return runs;
}

}  // namespace lambdaforge::experiments
