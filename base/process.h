// What the operating system says of this process and its machine.
#pragma once

#include <cstdint>
#include <string>

namespace lambdaforge {

// Bytes of memory that are in use and present; 0 where /proc does not tell.
int64_t resident_bytes();

std::string host_name();

}  // namespace lambdaforge
