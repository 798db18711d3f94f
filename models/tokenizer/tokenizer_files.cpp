#include "models/tokenizer/tokenizer_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "base/files.h"
#include "models/tokenizer/vocabulary_file.h"

namespace lambdaforge::models {
namespace {

// Far above every vocabulary, and low enough to list all ids in a vocab.txt.
constexpr int32_t kLargestId = (1 << 24) - 1;

// Takes model.vocab out while the rest is parsed: an ordered JSON object finds its keys one after
// the other, which 30,000 tokens would turn into minutes.
class VocabularyFilter {
 public:
  explicit VocabularyFilter(std::vector<VocabularyEntry>& vocabulary) : vocabulary_(vocabulary) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::key) return keep_key(depth, value);
    if (inside_ && depth == 3 && event == Json::parse_event_t::value)
      vocabulary_.emplace_back(token_, checked_id(token_, value));
    return true;
  }

 private:
  bool keep_key(int depth, const Json& key) {
    if (depth == 1) section_ = key;
    if (depth <= 2) inside_ = depth == 2 && section_ == "model" && key == "vocab";
    if (depth == 3 && inside_) token_ = key;
    return !inside_;
  }

  std::vector<VocabularyEntry>& vocabulary_;
  std::string section_;
  std::string token_;
  bool inside_ = false;
};

TokenizerFiles parse_tokenizer_json(const std::string& text) {
  TokenizerFiles files;
  files.tokenizer = Json::parse(text, VocabularyFilter(files.vocabulary));
  return files;
}

std::string names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
    names.push_back(entry.path().filename().string());
  return fmt::format("{}", fmt::join(names, ", "));
}

[[noreturn]] void throw_no_tokenizer(const std::filesystem::path& directory) {
  const auto has = [&](const char* name) { return std::filesystem::exists(directory / name); };
  std::string_view kind;
  if (has("vocab.json") || has("merges.txt")) kind = "; that is a BPE tokenizer";
  if (has("sentencepiece.bpe.model") || has("spiece.model") || has("tokenizer.model"))
    kind = "; that is a SentencePiece tokenizer";
  throw std::invalid_argument(
      fmt::format("no BERT WordPiece tokenizer: expected tokenizer.json or vocab.txt, found [{}]{}",
                  names_in(directory), kind));
}

Json read_object(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return Json::object();
  Json object = Json::parse(read_file(path));
  if (!object.is_object())
    throw std::invalid_argument(fmt::format("{} is no JSON object", path.filename().string()));
  return object;
}

}  // namespace

int32_t checked_id(const std::string& token, const Json& id) {
  if (!id.is_number_integer() || id < 0 || id > kLargestId)
    throw std::invalid_argument(
        fmt::format("token '{}' has the id {}; expected 0 to {}", token, id.dump(), kLargestId));
  return id.get<int32_t>();
}

TokenizerFiles read_tokenizer_files(const std::filesystem::path& directory) {
  const Json config = read_object(directory / "tokenizer_config.json");
  TokenizerFiles files;
  if (std::filesystem::exists(directory / "tokenizer.json"))
    files = parse_tokenizer_json(read_file(directory / "tokenizer.json"));
  else if (std::filesystem::exists(directory / "vocab.txt"))
    files =
        files_from_vocabulary({.vocabulary = read_file(directory / "vocab.txt"),
                               .config = config,
                               .special_tokens = read_object(directory / "special_tokens_map.json"),
                               .added_tokens = read_object(directory / "added_tokens.json")});
  else
    throw_no_tokenizer(directory);
  files.config = config;
  return files;
}

std::string tokenizer_json_text(const TokenizerFiles& files) {
  Json tokenizer = files.tokenizer;
  Json& vocabulary = tokenizer["model"]["vocab"] = Json::object();
  // Into the vector below the object: insertion by key would look for a duplicate every time.
  using Entries = Json::object_t::Container;
  Entries& entries = vocabulary.get_ref<Json::object_t&>();
  entries.reserve(files.vocabulary.size());
  for (const auto& [token, id] : files.vocabulary) entries.emplace_back(token, id);
  return tokenizer.dump(2);
}

}  // namespace lambdaforge::models
