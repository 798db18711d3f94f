// The commit that a program was built from.
#pragma once

#include <string_view>

namespace lambdaforge::launch {

// Its hash, with "-dirty" behind it when tracked files were changed; empty outside a clone. Looked
// up at every build.
extern const std::string_view kCommit;

}  // namespace lambdaforge::launch
