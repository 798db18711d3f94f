#include "experiments/mlflow/sender.h"

#include <algorithm>
#include <utility>

namespace lambdaforge::experiments::mlflow {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr seconds kLastTry{10};
constexpr seconds kLongestPause{60};
constexpr seconds kLastPause{1};
constexpr int64_t kUploadProgress = 1 << 20;  // bytes that show an upload going on

}  // namespace

Sender::Sender(std::filesystem::path run_folder, Settings settings)
    : run_folder_(std::move(run_folder)), settings_(std::move(settings)) {
  thread_ = std::thread([this] { run(); });
}

Sender::~Sender() {
  finish();
}

void Sender::wake() {
  {
    const std::lock_guard lock(mutex_);
    has_more_ = true;
  }
  changed_.notify_one();
}

std::optional<std::string> Sender::take_problem() {
  const std::lock_guard lock(mutex_);
  return std::exchange(problem_, std::nullopt);
}

Sender::Outcome Sender::finish() {
  {
    const std::lock_guard lock(mutex_);
    is_finishing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

void Sender::run() {
  while (true) {
    // Before the sending: what comes during it is sent by the next round.
    const bool is_last_round = is_finishing_;
    const bool is_done = send_all();
    if (is_last_round && (is_done || is_out_of_time())) break;
    wait();
  }
  note_outcome();
}

void Sender::note_outcome() try {
  outcome_.bytes_left = bytes_left(spool_folder(run_folder_), {});
  if (!replay_) return;
  outcome_.bytes_left = replay_->bytes_left();
  outcome_.num_refused = replay_->num_refused();
  outcome_.first_refusal = replay_->first_refusal();
} catch (const std::exception& error) {
  outcome_.problem = error.what();
}

bool Sender::send_all() try {
  if (!replay_) open();
  while (replay_->send_some()) {
    failures_in_a_row_ = 0;
    furthest_sent_ = 0;
    deadline_.reset();
  }
  if (is_finishing_) replay_->clean_up();
  failures_in_a_row_ = 0;
  return true;
} catch (const std::exception& error) {
  const auto* busy = dynamic_cast<const Busy*>(&error);
  retry_after_ = busy ? busy->retry_after : seconds(0);
  // That the time is over says less than what went wrong before.
  if (outcome_.problem.empty() || !is_out_of_time()) outcome_.problem = error.what();
  const std::lock_guard lock(mutex_);
  if (failures_in_a_row_++ == 0) problem_ = error.what();
  return false;
}

void Sender::open() {
  if (!http_)
    http_ = std::make_unique<HttpClient>(
        settings_.tracking_uri, HttpClientOptions{.credentials = settings_.credentials,
                                                  .give_up = [this] { return is_out_of_time(); }});
  replay_ = std::make_unique<Replay>(run_folder_, settings_.tracking_uri, *http_);
}

// Ten seconds from the end on, and from each sign that the server still takes something.
bool Sender::is_out_of_time() {
  if (!is_finishing_) return false;
  const bool is_uploading = http_ && http_->sent_bytes() > furthest_sent_ + kUploadProgress;
  if (is_uploading) furthest_sent_ = http_->sent_bytes();
  if (!deadline_ || is_uploading) deadline_ = Clock::now() + kLastTry;
  return Clock::now() > *deadline_;
}

// For more to send; after a failure 1 s, 2 s, 4 s, ..., at least as long as the server asks for.
void Sender::wait() {
  std::unique_lock lock(mutex_);
  const auto finishing = [this] { return is_finishing_.load(); };
  if (failures_in_a_row_ == 0) {
    changed_.wait(lock, [&] { return has_more_ || finishing(); });
  } else if (finishing()) {
    lock.unlock();
    std::this_thread::sleep_for(kLastPause);
    return;
  } else {
    const seconds pause(1 << std::min(failures_in_a_row_ - 1, 6));
    changed_.wait_for(lock, std::min(std::max(pause, retry_after_), kLongestPause), finishing);
  }
  has_more_ = false;
}

}  // namespace lambdaforge::experiments::mlflow
