// One of TensorBoard's event files: events wait in memory and reach the disk whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/event.h"

namespace lambdaforge::experiments::tensorboard {

using Time = std::chrono::system_clock::time_point;

class EventFile {
 public:
  // The file comes into being with the first flush.
  EventFile(std::filesystem::path path, Time time);

  // Tells readers that what other files say of `first_step` and later is not true any more. The
  // first session of a run must say it too, else they take the second for the first.
  void add_session_start(Time time, int64_t first_step);
  // Throws std::runtime_error when the disk has taken nothing for so long that too much waits.
  void add_scalars(Time time, int64_t step, const Metrics& scalars);
  void add_text(Time time, int64_t step, const std::string& tag, const std::string& markdown);
  // Values that are not set are left out; a list is one text.
  void add_hparams(Time time, const std::string& group, const Parameters& parameters);
  void add_session_end(Time time, bool success);

  // Throws std::runtime_error that names the file when the disk takes nothing more; what waits
  // then goes with the next flush, and no torn record stays in the file.
  void flush();

 private:
  void add(const std::string& serialized_event);

  std::filesystem::path path_;
  std::string waiting_;
  uintmax_t size_ = 0;  // of what was flushed
};

}  // namespace lambdaforge::experiments::tensorboard
