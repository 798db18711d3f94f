// README.md of a model: what it is, how to use it, how good it is, how it was trained. Sections and
// fields are those of sentence-transformers' cards, so that the Hub shows them alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/report/card_facts.h"
#include "experiments/trainer_state.h"

namespace lambdaforge::experiments {

struct CardProgress {
  TrainerState state;
  CardSnapshot model;
};

// Markdown behind a YAML head. Texts of users' data are escaped.
std::string model_card(const CardFacts& facts, const CardProgress& progress);

}  // namespace lambdaforge::experiments
