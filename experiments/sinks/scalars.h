// The figures of an event under the names that Hugging Face's Trainer logs them by; every sink that
// keeps figures takes them from here.
#pragma once

#include <cstdint>
#include <optional>

#include "experiments/event.h"

namespace lambdaforge::experiments {

struct Scalars {
  int64_t step = 0;
  std::optional<double> epoch;
  Metrics metrics;  // loss, learning_rate, grad_norm, ...; eval_*; train_*; energy_*
};

// Nullopt for what has no figures: a step that is not logged, a notice, ...
std::optional<Scalars> scalars_of(const Happening& what);

}  // namespace lambdaforge::experiments
