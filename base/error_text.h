// What an exception has to say to a person.
#pragma once

#include <exception>
#include <string>

namespace lambdaforge {

// Its message, without the C++ stack that libtorch puts behind its own: nothing that a user could
// act on.
std::string error_text(const std::exception& error);

}  // namespace lambdaforge
