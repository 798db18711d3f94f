#include "trainer/data/wordnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "base/files.h"
#include "evaluators/bm25.h"
#include "trainer/data/nano_beir_reader.h"
#include "trainer/data/random.h"
#include "trainer/data/wordnet_database.h"
#include "trainer/data/wordnet_usage.h"

namespace lambdaforge::trainer {
namespace {

constexpr uint64_t kSeed = 12;
constexpr size_t kListLength = 8;
constexpr size_t kQueriesPerSet = 50;
constexpr size_t kCandidates = 100;
constexpr size_t kMinCorpus = 3000;

struct SourcePart {
  const char* name;
  const char* suffix;
  bool evaluated;
};
constexpr SourcePart kParts[] = {{"noun", "noun", true},
                                 {"verb", "verb", true},
                                 {"adjective", "adj", true},
                                 {"adverb", "adv", false}};

// What the lists of all parts of speech must not share.
struct Reserved {
  std::unordered_set<std::string> queries;
  std::unordered_set<std::string> definitions;
};

evaluators::RankingSet make_set(const UsageCollection& part, Random& random, Reserved& reserved) {
  std::vector<const Usage*> usages;
  for (const Usage& usage : part.usages()) usages.push_back(&usage);
  random.shuffle(std::span(usages));
  evaluators::RankingSet set{part.name(), {}, {}, {}, {}};
  std::set<size_t> corpus;  // definitions, in file order
  for (const Usage* usage : usages) {
    if (set.queries.size() == kQueriesPerSet) break;
    if (reserved.definitions.contains(part.definition(usage->definition))) continue;
    const auto hits = part.neighbours(usage->text, kCandidates);
    if (hits.size() < kCandidates) continue;
    const std::string& relevant = part.definition_id(usage->definition);
    set.queries.emplace_back(relevant + "-usage", usage->text);
    set.qrels[set.queries.back().first] = {relevant};
    corpus.insert(usage->definition);
    corpus.insert(usage->other_senses.begin(), usage->other_senses.end());
    corpus.insert(hits.begin(), hits.end());
    reserved.queries.insert(usage->text);
    reserved.definitions.insert(part.definition(usage->definition));
  }
  if (set.queries.size() < kQueriesPerSet || part.num_definitions() < kMinCorpus)
    throw std::invalid_argument(
        fmt::format("the WordNet database has too few {}s for an evaluation set", part.name()));
  while (corpus.size() < kMinCorpus)
    corpus.insert(static_cast<size_t>(random.below(part.num_definitions())));

  std::vector<std::string> texts;
  for (const size_t definition : corpus) {
    texts.push_back(part.definition(definition));
    set.corpus.emplace_back(part.definition_id(definition), texts.back());
  }
  const evaluators::Bm25Index index(texts);
  for (const auto& [id, text] : set.queries)
    for (const auto& [document, score] : index.search(text, kCandidates))
      set.candidates[id].push_back(set.corpus[static_cast<size_t>(document)].first);
  return set;
}

// The other senses first: BM25 neighbours share words with the query, senses share its word.
std::optional<RankedList> make_list(const UsageCollection& part, const Usage& usage) {
  std::vector<size_t> chosen{usage.definition};
  const auto choose = [&](const std::vector<size_t>& definitions) {
    for (const size_t definition : definitions)
      if (chosen.size() < kListLength && !std::ranges::count(chosen, definition))
        chosen.push_back(definition);
  };
  choose(usage.other_senses);
  if (chosen.size() < kListLength) choose(part.neighbours(usage.text, 2 * kListLength));
  if (chosen.size() < kListLength) return std::nullopt;
  RankedList list{usage.text, {}, std::vector<float>(kListLength, 0)};
  for (const size_t definition : chosen) list.documents.push_back(part.definition(definition));
  list.labels.front() = 1;
  return list;
}

// Every thread takes one slice; results keep the order of the usages.
std::vector<RankedList> make_lists(const UsageCollection& part, const Reserved& reserved) {
  std::vector<const Usage*> usages;
  for (const Usage& usage : part.usages())
    if (!reserved.queries.contains(usage.text) &&
        !reserved.definitions.contains(part.definition(usage.definition)))
      usages.push_back(&usage);
  std::vector<std::optional<RankedList>> made(usages.size());
  const size_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::future<void>> slices;
  for (size_t thread = 0; thread < threads; ++thread)
    slices.push_back(std::async(std::launch::async, [&, thread] {
      for (size_t i = thread; i < usages.size(); i += threads)
        made[i] = make_list(part, *usages[i]);
    }));
  for (auto& slice : slices) slice.get();
  std::vector<RankedList> lists;
  for (auto& list : made)
    if (list) lists.push_back(std::move(*list));
  return lists;
}

std::string to_json_line(const RankedList& list, Random& random) {
  std::vector<size_t> order(list.documents.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(std::span(order));
  nlohmann::ordered_json line{{"query", list.query},
                              {"docs", nlohmann::ordered_json::array()},
                              {"labels", nlohmann::ordered_json::array()}};
  for (const size_t i : order) {
    line["docs"].push_back(list.documents[i]);
    line["labels"].push_back(static_cast<int>(list.labels[i]));
  }
  return line.dump() + "\n";
}

ListStatistics write_lists(const std::filesystem::path& path, std::vector<RankedList> lists) {
  Random random(kSeed, std::size(kParts));
  random.shuffle(std::span(lists));  // the parts of speech one after another would teach in turns
  ListStatistics statistics;
  std::string text;
  for (const RankedList& list : lists) {
    text += to_json_line(list, random);
    statistics.add(list.labels);
  }
  write_file_atomically(path, text);
  return statistics;
}

}  // namespace

ListStatistics prepare_wordnet(const std::filesystem::path& database,
                               const std::filesystem::path& output) {
  std::vector<UsageCollection> parts;
  for (const SourcePart& part : kParts)
    parts.emplace_back(read_wordnet(database, part.name, part.suffix));
  drop_ambiguous_usages(parts);

  Reserved reserved;
  std::vector<evaluators::RankingSet> sets;
  for (size_t i = 0; i < parts.size(); ++i) {
    Random random(kSeed, i);
    if (kParts[i].evaluated) sets.push_back(make_set(parts[i], random, reserved));
  }
  std::vector<RankedList> lists;
  for (const UsageCollection& part : parts)
    for (RankedList& list : make_lists(part, reserved)) lists.push_back(std::move(list));

  std::filesystem::create_directories(output);
  write_file_atomically(output / "LICENSE", wordnet_license(database));
  write_nano_beir(output / "nano", sets,
                  "Usage examples of WordNet 3.0 (queries) and the definitions of the senses they "
                  "show (corpus), by part of\nspeech. Made by `lambdaforge prepare`; see LICENSE "
                  "in the folder above.");
  return write_lists(output / "train.jsonl", std::move(lists));
}

}  // namespace lambdaforge::trainer
