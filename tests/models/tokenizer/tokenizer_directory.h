// Small tokenizer directories to load.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace lambdaforge::models {

// An empty folder of its own for the running test.
std::filesystem::path scratch_directory(const std::string& name = "tokenizer");

void write_text(const std::filesystem::path& path, const std::string& text);

// A BERT tokenizer.json over [PAD] [UNK] [CLS] [SEP] [MASK] the cat ##s naive new york, ids from 0,
// with truncation and padding set, as a model trained at a fixed length has them.
nlohmann::ordered_json small_tokenizer_json();

// Writes it, and a tokenizer_config.json with model_max_length 512.
std::filesystem::path small_tokenizer_directory();

}  // namespace lambdaforge::models
