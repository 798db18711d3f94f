// The model that a run starts with.
#pragma once

#include <cstdint>

#include "models/pretrained.h"
#include "trainer/config.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

// On the rank's device, with rank 0's weights on all of them. Throws as models::load_pretrained
// does. Collective.
models::Pretrained load_initial_model(const ModelConfig& config, uint64_t seed,
                                      Communicator& communicator);

}  // namespace lambdaforge::trainer
