// Who the ranks are: hosts and devices, for whoever watches the machines.
#pragma once

#include <vector>

#include "experiments/event.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// Of every rank, by rank. Collective.
std::vector<experiments::RankInfo> gather_rank_infos(Communicator& communicator);

}  // namespace lambdaforge::trainer
