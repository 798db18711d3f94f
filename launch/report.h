// How a program ends when something goes wrong.
#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace lambdaforge::launch {

inline constexpr std::chrono::seconds kPatience{5};

// Prints the error to standard error, with the rank in front in a world of several. What all ranks
// find wrong, such as a path in the recipe, is said once: the others give rank 0 a few seconds to
// say it and end the world.
void report(const std::exception& error);
// The same of a message; `patience`: how long the others give rank 0.
void report(const std::string& message, std::chrono::seconds patience);

// Whether this process speaks for the world: rank 0 of it, as far as its environment says, or
// alone.
bool is_first_rank();

// Says on standard error that a model's scores mean nothing when parts of it were never trained.
void warn_if_unfinished(const std::string& model, const std::vector<std::string>& missing);

}  // namespace lambdaforge::launch
