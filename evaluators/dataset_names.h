// Which of a folder's data sets a user means.
#pragma once

#include <string>
#include <vector>

namespace lambdaforge::evaluators {

// The entries of `available` that `requested` names, in the order asked for, each once. A set
// answers to its own name, with or without "Nano" and in any case: "msmarco" -> "NanoMSMARCO",
// "noun" -> "noun". No request means every set but ArguAna and Touche2020, whose task is a
// different one (sentence-transformers' default), in alphabetical order.
// Throws std::invalid_argument that names the nearest and the available sets.
std::vector<std::string> resolve_dataset_names(const std::vector<std::string>& requested,
                                               const std::vector<std::string>& available);

}  // namespace lambdaforge::evaluators
