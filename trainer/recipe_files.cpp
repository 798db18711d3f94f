#include "trainer/recipe_files.h"

#include <fmt/format.h>

#include <stdexcept>

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

// An error of the file system, such as a folder that may not be read, is not the recipe's fault:
// who opens the file will tell.
bool is_missing(const fs::path& path) {
  std::error_code error;
  const auto type = fs::status(path, error).type();
  return type == fs::file_type::not_found;
}

void require(const std::string& key, const std::string& path, const std::string& what) {
  if (path.empty() || !is_missing(path)) return;
  throw std::invalid_argument(
      fmt::format("{} = '{}': there is no such {} (relative paths start in {})", key, path, what,
                  fs::current_path().string()));
}

}  // namespace

void check_files(const Config& config) {
  require("model.path", config.model.path, "folder");
  require("data.train", config.data.train, "file");
  require("data.eval", config.data.eval, "file");
  require("evaluation.correlation", config.evaluation.correlation, "file");
  require("evaluation.classification", config.evaluation.classification, "file");
  require("evaluation.nano_beir", config.evaluation.nano_beir, "folder");
}

}  // namespace lambdaforge::trainer
