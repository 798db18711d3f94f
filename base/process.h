// What the operating system says of this process.
#pragma once

#include <cstdint>

namespace lambdaforge {

// Bytes of memory that are in use and present; 0 where /proc does not tell.
int64_t resident_bytes();

}  // namespace lambdaforge
