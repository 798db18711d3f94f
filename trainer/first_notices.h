// What a run says of its model and data before the first step.
#pragma once

#include <string>
#include <vector>

#include "models/pretrained.h"
#include "trainer/config.h"
#include "trainer/training_data.h"

namespace lambdaforge::trainer {

// Sentences for the person who watches: how much there is, and what looks like a slip.
std::vector<std::string> first_notices(const Config& config, const models::Pretrained& pretrained,
                                       const TrainingData& data, int64_t steps_per_epoch);

}  // namespace lambdaforge::trainer
