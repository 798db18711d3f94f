// What to cite: BibTeX entries of losses and of the tools.
#pragma once

#include <string>
#include <string_view>

namespace lambdaforge::experiments {

// The paper behind a loss; empty: none is known.
std::string_view loss_citation(std::string_view loss);

std::string_view sentence_bert_citation();

}  // namespace lambdaforge::experiments
