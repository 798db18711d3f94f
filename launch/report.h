// How a program ends when something goes wrong.
#pragma once

#include <exception>

namespace lambdaforge::launch {

// Prints the error to standard error, with the rank in front in a world of several. What all ranks
// find wrong, such as a path in the recipe, is said once: the others give rank 0 a few seconds to
// say it and end the world.
void report(const std::exception& error);

}  // namespace lambdaforge::launch
