// The YAML head of a model card, which the Hugging Face Hub reads.
#pragma once

#include <string>

#include "experiments/report/model_card.h"

namespace lambdaforge::experiments {

// The title of the card.
std::string card_title(const CardFacts& facts);

// Between its two lines of dashes, with the fields of
// https://github.com/huggingface/hub-docs/blob/main/modelcard.md.
std::string card_metadata(const CardFacts& facts, const CardProgress& progress);

}  // namespace lambdaforge::experiments
