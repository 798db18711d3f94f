// The world that the test program was started in.
#pragma once

#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

Communicator& world();

}  // namespace lambdaforge::trainer
