// A thread that replays a spool while it grows, for as long as it takes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "experiments/mlflow/replay.h"
#include "experiments/mlflow/settings.h"

namespace lambdaforge::experiments::mlflow {

class Sender {
 public:
  Sender(std::filesystem::path run_folder, Settings settings);
  ~Sender();  // finishes, if nobody has

  // There is more in the spool.
  void wake();

  // Since the last call the server went away: why. Any thread.
  std::optional<std::string> take_problem();

  struct Outcome {
    int64_t bytes_left = 0;
    std::string problem;  // of the last try, where bytes are left
    int64_t num_refused = 0;
    std::string first_refusal;
  };
  // Sends the rest; gives up when the server has taken nothing for ten seconds. Any later call
  // returns the same.
  Outcome finish();

 private:
  void run();
  bool send_all();  // whether nothing is left
  void open();
  bool is_out_of_time();
  void note_outcome();
  void wait();

  const std::filesystem::path run_folder_;
  const Settings settings_;

  // Of the thread alone.
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<Replay> replay_;
  int failures_in_a_row_ = 0;
  std::chrono::seconds retry_after_{0};
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  int64_t furthest_sent_ = 0;
  Outcome outcome_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_more_ = true;
  std::atomic<bool> is_finishing_ = false;
  std::optional<std::string> problem_;
  std::thread thread_;
};

}  // namespace lambdaforge::experiments::mlflow
