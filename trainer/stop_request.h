// Somebody outside asks the run to stop where it can go on later: a scheduler before it takes the
// machine back, a sweeper that gives a trial up.
#pragma once

#include <array>
#include <csignal>

namespace lambdaforge::trainer {

// While one lives, SIGTERM and SIGUSR1 set a flag instead of ending the process. Afterwards they
// have their old effect again, unless a request was made: then its second copy may still be on the
// way, for `timeout`, mpirun and Slurm can each send one. A signal that comes a second or more
// after the first is no copy: it ends the process. One at a time.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  bool is_made() const;  // to this process

  static constexpr std::array<int, 2> kSignals = {SIGTERM, SIGUSR1};

 private:
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace lambdaforge::trainer
