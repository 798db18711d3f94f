// One process at a time trains in a run's folder.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace lambdaforge::trainer {

// Held by rank 0 while its run lasts; a killed process holds nothing. Where the file system has no
// locks, everybody gets one.
class RunLock {
 public:
  // Makes the folder if it is not there; nullopt when another process holds it. Throws
  // std::runtime_error when the folder cannot be made or written.
  static std::optional<RunLock> take(const std::filesystem::path& folder);

  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  // A folder that was made for the lock and holds nothing else goes with it.
  ~RunLock();

 private:
  RunLock(std::filesystem::path file, int descriptor, std::vector<std::filesystem::path> made);

  std::filesystem::path file_;
  int descriptor_;                           // -1: moved from
  std::vector<std::filesystem::path> made_;  // the innermost first
};

}  // namespace lambdaforge::trainer
