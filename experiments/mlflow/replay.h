// Brings the spool of a run's folder to an MLflow server: while it trains, and later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "experiments/mlflow/client.h"
#include "experiments/mlflow/spool.h"

namespace lambdaforge::experiments::mlflow {

// Where a run's spool and state lie: <run folder>/mlflow/{spool-*.jsonl, run.json}.
std::filesystem::path spool_folder(const std::filesystem::path& run_folder);

// How far the server has followed; run.json.
struct ReplayState {
  std::string tracking_uri;  // without credentials
  ServerRun run;             // empty id: none yet
  bool run_is_open = false;
  SpoolPosition done;
  // The highest step of each metric that has one value a step. A resumed run does steps again and
  // says the same once more; the server would keep both.
  std::map<std::string, int64_t> last_steps;
};

// No file: a state of nothing. Throws std::runtime_error that names the file when it is damaged.
ReplayState load_replay_state(const std::filesystem::path& run_folder);

class Replay {
 public:
  // One at a time works on a folder: throws std::runtime_error when another process does already.
  Replay(std::filesystem::path run_folder, std::string tracking_uri, HttpClient& http);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // Sends the next records, one request or a few; false: there are none. Throws as Client does,
  // but Refused, and the same records come again with the next call.
  bool send_some();

  int64_t bytes_left() const;
  // Deletes the spool when all of it is done.
  void clean_up();

  // What the server would not have and was passed over; the first with the server's words.
  int64_t num_refused() const { return num_refused_; }
  const std::string& first_refusal() const { return first_refusal_; }

 private:
  void handle(const RunStart& start);
  void handle(const Batch& batch);
  void handle(const Artifact& artifact);
  void handle(const RunEnd& end);
  void start_run(const RunStart& start);
  Batch without_repetitions(const Batch& batch) const;
  void deliver(const Batch& batch);
  void refuse(const std::string& reason);
  void save(SpoolPosition done);

  const std::filesystem::path run_folder_, folder_;
  Client client_;
  ReplayState state_;
  int lock_ = -1;
  int64_t num_refused_ = 0;
  std::string first_refusal_;
};

}  // namespace lambdaforge::experiments::mlflow
