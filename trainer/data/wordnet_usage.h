// WordNet's usage examples and the definitions they could mean, of one part of speech.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/bm25.h"
#include "trainer/data/wordnet_database.h"

namespace lambdaforge::trainer {

// A sentence that uses a lemma of its synset. Definitions are places in the collection.
struct Usage {
  std::string text;
  size_t definition = 0;
  std::vector<size_t> other_senses;  // of the same lemma, most frequent first
};

// Whether `text` holds `lemma` ('_' between words) as whole words, each as it is or with a regular
// ending: s, es, ed, ing.
bool contains_lemma(std::string_view text, std::string_view lemma);

class UsageCollection {
 public:
  // One usage a synset at most: the first example of three words or more that holds a lemma.
  explicit UsageCollection(const PartOfSpeech& part);

  const std::string& name() const { return name_; }
  const std::vector<Usage>& usages() const { return usages_; }

  // Definitions are unique by text; the id is the one of the first synset that has it.
  size_t num_definitions() const { return definitions_.size(); }
  const std::string& definition(size_t index) const { return definitions_.at(index); }
  const std::string& definition_id(size_t index) const { return ids_.at(index); }

  // Definitions that share words with `text`, best BM25 score first.
  std::vector<size_t> neighbours(std::string_view text, size_t depth) const;

 private:
  friend void drop_ambiguous_usages(std::vector<UsageCollection>& parts);

  std::string name_;
  std::vector<std::string> definitions_;
  std::vector<std::string> ids_;
  std::vector<Usage> usages_;
  std::unique_ptr<evaluators::Bm25Index> index_;
};

// Drops every usage whose text illustrates several definitions, in one part of speech or in two:
// neither would be the right one. Of usages that agree in text and definition, the first is kept.
void drop_ambiguous_usages(std::vector<UsageCollection>& parts);

}  // namespace lambdaforge::trainer
