// WordNet's database files, as wndb(5WN) describes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace lambdaforge::trainer {

struct Synset {
  std::string id;                     // "noun-00001740": its offset in the data file
  std::vector<std::string> lemmas;    // lower case, '_' between words, without "(a)"
  std::string definition;             // the gloss before its first example; may be empty
  std::vector<std::string> examples;  // the quoted parts after it
};

struct PartOfSpeech {
  std::string name;             // "noun"
  std::vector<Synset> synsets;  // in file order
  // lemma -> places in `synsets`, most frequent sense first
  std::unordered_map<std::string, std::vector<size_t>> senses;
};

// Reads data.<suffix> and index.<suffix> of `folder`; adjective satellites count as adjectives.
// Throws std::runtime_error when a file cannot be read, std::invalid_argument on a line that is not
// WordNet's.
PartOfSpeech read_wordnet(const std::filesystem::path& folder, const std::string& name,
                          const std::string& suffix);

// The notice at the head of data.noun, without its line numbers.
std::string wordnet_license(const std::filesystem::path& folder);

}  // namespace lambdaforge::trainer
