// What a run was started with, for its records.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "launch/options.h"

namespace lambdaforge::launch {

// "command", "working_directory", "host", "user", "operating_system", "processor", in a clone
// "commit" (see commit.h), then the version of Lambdaforge and of every library.
std::vector<std::pair<std::string, std::string>> describe_environment(const Arguments& arguments);

}  // namespace lambdaforge::launch
