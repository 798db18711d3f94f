// What processes and their descendants have used.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

namespace lambdaforge::experiments::energy {

struct ProcessUse {
  double cpu_seconds = 0;     // user and system, of children that are gone too
  double resident_bytes = 0;  // of those that are there
};

// Of `roots` and all that descends from them; processes that are gone count as nothing. `proc` is
// "/proc" outside of tests.
ProcessUse use_of_trees(const std::filesystem::path& proc, const std::vector<pid_t>& roots);

}  // namespace lambdaforge::experiments::energy
