// Whether what a recipe names is there.
#pragma once

#include "trainer/config.h"

namespace lambdaforge::trainer {

// Throws std::invalid_argument that names the key when the model's folder, a file of lists or pairs
// or a folder of data sets is missing: no other try would find it.
void check_files(const Config& config);

}  // namespace lambdaforge::trainer
