#include "trainer/data/nano_beir_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "base/files.h"
#include "evaluators/dataset_names.h"
#include "trainer/data/nano_beir_files.h"
#include "trainer/data/parquet_file.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::RankingSet;
using Texts = std::vector<std::pair<std::string, std::string>>;  // (id, text)

constexpr std::array kFolders = {"corpus", "queries", "qrels", "bm25"};

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

RankingSet read_set(const std::string& name, const NanoBeirFiles& files) {
  RankingSet set{name, read_texts(files.queries), read_texts(files.corpus), {}, {}};
  for_each_row(files.qrels, {"query-id", files.positive_column}, [&](const ParquetRow& row) {
    auto& relevant = set.qrels[row.text(0)];
    for (std::string& id : row.texts(1))
      if (!std::ranges::count(relevant, id)) relevant.push_back(std::move(id));
  });
  for_each_row(files.candidates, {"query-id", files.candidates_column},
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

std::vector<std::string> resolve_names(const std::filesystem::path& folder,
                                       const std::vector<std::string>& requested,
                                       const std::vector<std::string>& available) try {
  return evaluators::resolve_dataset_names(requested, available);
} catch (const std::invalid_argument& error) {
  throw std::invalid_argument(fmt::format("{}: {}", folder.string(), error.what()));
}

void check_complete(const std::filesystem::path& folder, const std::string& name,
                    const NanoBeirFiles& files) {
  if (files.missing.empty()) return;
  throw std::invalid_argument(
      fmt::format("{}: {} has no Parquet file in {}; a download may have broken off: fetch it "
                  "again, or name the other data sets to use",
                  folder.string(), name, fmt::join(files.missing, ", ")));
}

}  // namespace

std::vector<RankingSet> load_nano_beir(const std::filesystem::path& folder,
                                       const std::vector<std::string>& dataset_names) {
  const std::map<std::string, NanoBeirFiles> files = find_nano_beir_files(folder);
  std::vector<std::string> available;
  for (const auto& entry : files) available.push_back(entry.first);
  const std::vector<std::string> names = resolve_names(folder, dataset_names, available);
  for (const std::string& name : names) check_complete(folder, name, files.at(name));
  std::vector<RankingSet> sets;
  for (const std::string& name : names) sets.push_back(read_set(name, files.at(name)));
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
