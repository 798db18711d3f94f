// One table: the name of a loss -> its builder.
#pragma once

#include "losses/loss.h"
#include "losses/options.h"

namespace lambdaforge::losses {

// What a loss needs beyond one score for each document of each list.
struct LossNeeds {
  bool list = true;            // several documents in a list: one alone teaches nothing
  bool classes = false;        // scores [pairs, classes], of a model with several labels
  bool in_batch = false;       // lists that hold documents of the batch's other lists too
  bool micro_batches = false;  // gradient caching: the name promises bounded memory
};

// The loss `options.name`, ready to be called from any thread.
// Throws std::invalid_argument on an unknown name (of the loss or in one of its options) and on an
// impossible value; the message says what was expected.
Loss build_loss(const LossOptions& options);

// Throws std::invalid_argument on an unknown name.
LossNeeds loss_needs(const std::string& name);

// The members of LossOptions that the loss reads. Throws std::invalid_argument on an unknown name.
std::vector<std::string> loss_options(const std::string& name);

// The names it knows, sorted.
std::vector<std::string> loss_names();

}  // namespace lambdaforge::losses
