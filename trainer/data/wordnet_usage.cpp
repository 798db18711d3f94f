#include "trainer/data/wordnet_usage.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace lambdaforge::trainer {
namespace {

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool in_word = std::isalnum(byte) || c == '\'' || c == '-';
    if (in_word) words.back() += static_cast<char>(std::tolower(byte));
    if (!in_word && !words.back().empty()) words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Whether `word` is `stem` and one of `endings`.
bool is_inflected(std::string_view word, std::string_view stem,
                  std::initializer_list<std::string_view> endings) {
  return word.starts_with(stem) &&
         std::find(endings.begin(), endings.end(), word.substr(stem.size())) != endings.end();
}

bool is_form_of(std::string_view word, std::string_view lemma) {
  if (is_inflected(word, lemma, {"", "s", "es", "ed", "ing", "'s"})) return true;
  if (lemma.size() < 3) return false;
  const std::string_view stem = lemma.substr(0, lemma.size() - 1);
  const char last = lemma.back();
  if (last == 'e') return is_inflected(word, stem, {"ed", "ing"});    // bake: baked, baking
  if (last == 'y') return is_inflected(word, stem, {"ies", "ied"});   // carry: carries
  return word.size() > lemma.size() && word[lemma.size()] == last &&  // stop: stopped
         is_inflected(word.substr(lemma.size() + 1), "", {"ed", "ing"}) && word.starts_with(lemma);
}

// The first example that can stand as a query, and the lemma it uses.
struct FoundUsage {
  std::string text;
  std::string lemma;
};

std::optional<FoundUsage> find_usage(const Synset& synset) {
  constexpr size_t kMinWords = 3;
  for (const std::string& example : synset.examples) {
    if (split_words(example).size() < kMinWords) continue;
    for (const std::string& lemma : synset.lemmas)
      if (contains_lemma(example, lemma)) return FoundUsage{example, lemma};
  }
  return std::nullopt;
}

}  // namespace

bool contains_lemma(std::string_view text, std::string_view lemma) {
  const std::vector<std::string> words = split_words(text);
  const std::vector<std::string> parts = split_words(lemma);
  return !parts.empty() && std::search(words.begin(), words.end(), parts.begin(), parts.end(),
                                       is_form_of) != words.end();
}

UsageCollection::UsageCollection(const PartOfSpeech& part) : name_(part.name) {
  std::unordered_map<std::string_view, size_t> places;  // definition -> index
  for (const Synset& synset : part.synsets)
    if (!synset.definition.empty() && places.emplace(synset.definition, places.size()).second) {
      definitions_.push_back(synset.definition);
      ids_.push_back(synset.id);
    }
  for (const Synset& synset : part.synsets) {
    const auto found = find_usage(synset);
    if (!found || synset.definition.empty()) continue;
    Usage usage{found->text, places.at(synset.definition), {}};
    if (const auto senses = part.senses.find(found->lemma); senses != part.senses.end())
      for (const size_t sense : senses->second)
        if (const auto other = places.find(part.synsets[sense].definition);
            other != places.end() && other->second != usage.definition)
          usage.other_senses.push_back(other->second);
    usages_.push_back(std::move(usage));
  }
  index_ = std::make_unique<evaluators::Bm25Index>(definitions_);
}

std::vector<size_t> UsageCollection::neighbours(std::string_view text, size_t depth) const {
  std::vector<size_t> definitions;
  for (const auto& [document, score] : index_->search(text, depth))
    definitions.push_back(static_cast<size_t>(document));
  return definitions;
}

void drop_ambiguous_usages(std::vector<UsageCollection>& parts) {
  std::unordered_map<std::string, std::unordered_set<std::string>> meanings;
  for (const UsageCollection& part : parts)
    for (const Usage& usage : part.usages_)
      meanings[usage.text].insert(part.definition(usage.definition));
  std::unordered_set<std::string> kept;
  for (UsageCollection& part : parts)
    std::erase_if(part.usages_, [&](const Usage& usage) {
      return meanings.at(usage.text).size() > 1 || !kept.insert(usage.text).second;
    });
}

}  // namespace lambdaforge::trainer
