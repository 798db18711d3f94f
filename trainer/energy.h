// The energy of a run's ranks: who measures what, and the exchange at its end.
#pragma once

#include <filesystem>
#include <memory>

#include "experiments/energy/run_energy.h"
#include "trainer/config.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// Starts a meter on every node, for the node's ranks and their GPUs; the run stands at `step`.
// Collective.
std::unique_ptr<experiments::energy::RunEnergy> start_energy(
    const Config& config, const std::string& run, const std::filesystem::path& folder, int64_t step,
    const std::vector<experiments::RankInfo>& ranks, Communicator& communicator,
    experiments::Tracker& tracker);

// What the nodes are measured by, one text for each way. Collective.
std::vector<std::string> describe(const experiments::energy::RunEnergy& energy,
                                  Communicator& communicator);

// Stops the meters and takes the last sum over all nodes, after `step`. Collective.
void stop_energy(experiments::energy::RunEnergy& energy, int64_t step, Communicator& communicator);

}  // namespace lambdaforge::trainer
