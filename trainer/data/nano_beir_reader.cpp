#include "trainer/data/nano_beir_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "base/files.h"
#include "evaluators/dataset_names.h"
#include "trainer/data/parquet_file.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::RankingSet;
using Texts = std::vector<std::pair<std::string, std::string>>;            // (id, text)
using Shards = std::map<std::string, std::vector<std::filesystem::path>>;  // set -> files, sorted

constexpr std::array kFolders = {"corpus", "queries", "qrels", "bm25"};

// "NanoNQ-00000-of-00001.parquet" belongs to "NanoNQ".
Shards find_shards(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw std::invalid_argument(
        fmt::format("no folder {}; expected the NanoBEIR layout, with the folders {}",
                    folder.string(), fmt::join(kFolders, ", ")));
  Shards shards;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const size_t dash = name.find('-');
    if (dash != name.npos && name.ends_with(".parquet"))
      shards[name.substr(0, dash)].push_back(entry.path());
  }
  for (auto& [set, files] : shards) std::sort(files.begin(), files.end());
  return shards;
}

std::vector<std::string> sets_in_all(const std::array<Shards, 4>& folders) {
  std::vector<std::string> sets;
  for (const auto& [set, files] : folders[0])
    if (std::all_of(folders.begin(), folders.end(),
                    [&](const Shards& shards) { return shards.contains(set); }))
      sets.push_back(set);
  return sets;
}

void for_each_row(const std::vector<std::filesystem::path>& files,
                  const std::vector<std::string>& columns,
                  const std::function<void(const ParquetRow&)>& visit) {
  for (const auto& file : files) {
    ParquetReader reader(file);
    for (const std::string& column : columns)
      if (!std::ranges::count(reader.columns(), column))
        throw std::invalid_argument(fmt::format("{} has no column '{}'; found: {}", file.string(),
                                                column, fmt::join(reader.columns(), ", ")));
    reader.for_each_row(columns, visit);
  }
}

Texts read_texts(const std::vector<std::filesystem::path>& files) {
  Texts texts;
  for_each_row(files, {"_id", "text"},
               [&](const ParquetRow& row) { texts.emplace_back(row.text(0), row.text(1)); });
  return texts;
}

RankingSet read_set(const std::string& name, const std::array<Shards, 4>& folders) {
  const auto& [corpus, queries, qrels, bm25] = folders;
  RankingSet set{name, read_texts(queries.at(name)), read_texts(corpus.at(name)), {}, {}};
  for_each_row(qrels.at(name), {"query-id", "corpus-id"}, [&](const ParquetRow& row) {
    auto& relevant = set.qrels[row.text(0)];
    for (std::string& id : row.texts(1))
      if (!std::ranges::count(relevant, id)) relevant.push_back(std::move(id));
  });
  for_each_row(bm25.at(name), {"query-id", "corpus-ids"},
               [&](const ParquetRow& row) { set.candidates[row.text(0)] = row.texts(1); });
  return set;
}

void check_split_name(const std::string& name) {
  const auto is_allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_allowed))
    throw std::invalid_argument(
        fmt::format("'{}' cannot name a data set; use letters, digits, '_' and '.' only", name));
}

std::vector<ParquetColumn> text_columns(const Texts& texts) {
  std::vector<std::string> ids;
  std::vector<std::string> contents;
  for (const auto& [id, text] : texts) {
    ids.push_back(id);
    contents.push_back(text);
  }
  return {{"_id", std::move(ids)}, {"text", std::move(contents)}};
}

// Rows follow the order of the queries: the maps have none.
std::vector<ParquetColumn> qrels_columns(const RankingSet& set) {
  std::vector<std::string> queries;
  std::vector<std::string> documents;
  for (const auto& [query, text] : set.queries)
    if (const auto relevant = set.qrels.find(query); relevant != set.qrels.end())
      for (const std::string& document : relevant->second) {
        queries.push_back(query);
        documents.push_back(document);
      }
  return {{"query-id", std::move(queries)}, {"corpus-id", std::move(documents)}};
}

std::vector<ParquetColumn> candidate_columns(const RankingSet& set) {
  std::vector<std::string> queries;
  std::vector<std::vector<std::string>> lists;
  for (const auto& [query, text] : set.queries)
    if (const auto candidates = set.candidates.find(query); candidates != set.candidates.end()) {
      queries.push_back(query);
      lists.push_back(candidates->second);
    }
  return {{"query-id", std::move(queries)}, {"corpus-ids", std::move(lists)}};
}

std::string front_matter(const std::vector<RankingSet>& sets) {
  std::string text = "---\nconfigs:\n";
  for (const char* folder : kFolders) {
    text += fmt::format("- config_name: {}\n  data_files:\n", folder);
    for (const RankingSet& set : sets)
      text += fmt::format("  - split: {0}\n    path: {1}/{0}-*\n", set.name, folder);
  }
  return text + "---\n";
}

}  // namespace

std::vector<RankingSet> load_nano_beir(const std::filesystem::path& folder,
                                       const std::vector<std::string>& dataset_names) {
  std::array<Shards, 4> folders;
  for (size_t i = 0; i < kFolders.size(); ++i) folders[i] = find_shards(folder / kFolders[i]);
  std::vector<std::string> names;
  try {
    names = evaluators::resolve_dataset_names(dataset_names, sets_in_all(folders));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("{}: {}", folder.string(), error.what()));
  }
  std::vector<RankingSet> sets;
  for (const std::string& name : names) sets.push_back(read_set(name, folders));
  return sets;
}

void write_nano_beir(const std::filesystem::path& folder, const std::vector<RankingSet>& sets,
                     const std::string& description) {
  for (const RankingSet& set : sets) check_split_name(set.name);
  for (const char* name : kFolders) std::filesystem::create_directories(folder / name);
  for (const RankingSet& set : sets) {
    const std::string file = set.name + "-00000-of-00001.parquet";
    write_parquet(folder / "corpus" / file, text_columns(set.corpus));
    write_parquet(folder / "queries" / file, text_columns(set.queries));
    write_parquet(folder / "qrels" / file, qrels_columns(set));
    write_parquet(folder / "bm25" / file, candidate_columns(set));
  }
  write_file_atomically(folder / "README.md", front_matter(sets) + "\n" + description + "\n");
}

}  // namespace lambdaforge::trainer
