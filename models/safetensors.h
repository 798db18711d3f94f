// The safetensors file format: an 8-byte little-endian header length, a JSON header, raw tensors.
// https://github.com/huggingface/safetensors#format
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lambdaforge::models {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Every tensor of the file, on the CPU, in its stored type, ordered by place in the file. The
// tensors own their memory. Throws std::runtime_error when the file cannot be read,
// std::invalid_argument when its header does not describe its bytes (truncated file, offsets
// outside the data, a shape that contradicts its byte range, an unknown dtype).
NamedTensors load_safetensors(const std::filesystem::path& path);

// Writes the tensors in the given order and syncs the file; `path` is replaced as a whole or not at
// all. Metadata is {"format": "pt"}, as transformers expects. Throws std::runtime_error (a full
// disk).
void save_safetensors(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace lambdaforge::models
