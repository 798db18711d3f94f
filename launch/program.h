// What the programs behind the commands share: how they print, and how they end.
#pragma once

#include <exception>
#include <string_view>

#include "launch/options.h"

namespace lambdaforge::launch {

// To standard output. Throws std::runtime_error with the system's reason when it cannot be written.
void print(std::string_view text);

// Has everything that went to std::cout written. Throws as print() does, also for what could not be
// written earlier.
void finish_output();

// The whole of a main(): calls `work` with the arguments and returns its exit code. A command whose
// output did not arrive has not ended well: 0 is returned only when all of it could be written. An
// Answer is printed, any other exception reported; it ends with what `exit_code_of` makes of it,
// which need not return.
int run_program(
    int argc, char** argv, int (*work)(const Arguments&),
    int (*exit_code_of)(const std::exception&) = [](const std::exception&) { return 1; });

}  // namespace lambdaforge::launch
