// One table: config.json's model_type -> what reads the rest of that file. A new encoder is its
// file and one line.
#pragma once

#include <string>

#include "models/cross_encoder.h"

namespace lambdaforge::models {

// Throws std::invalid_argument for an unknown model_type (lists the known ones), a missing or
// impossible size, an activation other than the exact GELU, or position embeddings other than
// absolute ones. `origin` names the file.
CrossEncoderConfig read_model_config(const std::string& config_json, const std::string& origin);

}  // namespace lambdaforge::models
