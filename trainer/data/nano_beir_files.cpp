#include "trainer/data/nano_beir_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

Paths parquet_files(const fs::path& folder) {
  Paths files;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".parquet") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// "NanoNQ-00000-of-00001.parquet" belongs to "NanoNQ".
std::map<std::string, Paths> files_by_set(const fs::path& folder) {
  std::map<std::string, Paths> sets;
  for (const fs::path& file : parquet_files(folder)) {
    const std::string name = file.filename().string();
    if (const size_t dash = name.find('-'); dash != name.npos)
      sets[name.substr(0, dash)].push_back(file);
  }
  return sets;
}

std::map<std::string, NanoBeirFiles> find_joint(const fs::path& folder) {
  auto queries = files_by_set(folder / "queries"), qrels = files_by_set(folder / "qrels"),
       candidates = files_by_set(folder / "bm25");
  std::map<std::string, NanoBeirFiles> sets;
  for (auto& [name, corpus] : files_by_set(folder / "corpus"))
    if (queries.contains(name) && qrels.contains(name) && candidates.contains(name))
      sets[name] = {std::move(corpus), queries[name], qrels[name],
                    candidates[name],  "corpus-id",   "corpus-ids"};
  return sets;
}

bool is_single_set(const fs::path& folder) {
  return !parquet_files(folder / "relevance").empty() &&
         !parquet_files(folder / "corpus").empty() && !parquet_files(folder / "queries").empty();
}

void add_single(const fs::path& folder, std::map<std::string, NanoBeirFiles>& sets) {
  std::string name = fs::absolute(folder / "").lexically_normal().parent_path().filename();
  if (name.ends_with("-bm25")) name.resize(name.size() - 5);
  const Paths relevance = parquet_files(folder / "relevance");
  sets[name] = {parquet_files(folder / "corpus"),
                parquet_files(folder / "queries"),
                relevance,
                relevance,
                "positive-corpus-ids",
                "bm25-ranked-ids"};
}

std::map<std::string, NanoBeirFiles> find_single(const fs::path& folder) {
  std::map<std::string, NanoBeirFiles> sets;
  if (is_single_set(folder)) add_single(folder, sets);
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (is_single_set(entry.path())) add_single(entry.path(), sets);
  return sets;
}

bool has_joint_layout(const fs::path& folder) {
  return std::ranges::all_of(std::array{"corpus", "queries", "qrels", "bm25"},
                             [&](auto name) { return fs::is_directory(folder / name); });
}

}  // namespace

std::map<std::string, NanoBeirFiles> find_nano_beir_files(const fs::path& folder) {
  if (has_joint_layout(folder)) return find_joint(folder);
  auto sets = find_single(folder);
  if (sets.empty())
    throw std::invalid_argument(fmt::format(
        "{} holds no NanoBEIR data; expected the NanoBEIR layout, with the folders corpus, "
        "queries, "
        "qrels, bm25, or a folder for each set, with the folders corpus, queries, relevance",
        folder.string()));
  return sets;
}

}  // namespace lambdaforge::trainer
