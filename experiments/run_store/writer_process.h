// Whether the process that wrote a run still lives.
#pragma once

#include <chrono>

#include "experiments/run_store/format.h"

namespace lambdaforge::experiments {

// On the machine that wrote the run the process itself is looked for, and found dead at once. From
// another one (a shared folder, a container) the heartbeat tells: it must be younger than this,
// which leaves room for clocks that differ.
inline constexpr std::chrono::seconds kHeartbeatIsOld{60};

bool is_alive(const StartRow& writer, const Heartbeat& heartbeat);

// Fills in host, machine, process id and start.
void describe_this_process(StartRow& start);

}  // namespace lambdaforge::experiments
