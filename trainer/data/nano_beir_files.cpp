#include "trainer/data/nano_beir_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

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

// A folder of either layout and what it holds.
struct Part {
  const char* folder;
  Paths NanoBeirFiles::*files;
};
constexpr std::array kJointParts = {
    Part{"corpus", &NanoBeirFiles::corpus}, Part{"queries", &NanoBeirFiles::queries},
    Part{"qrels", &NanoBeirFiles::qrels}, Part{"bm25", &NanoBeirFiles::candidates}};
constexpr std::array kSingleParts = {Part{"corpus", &NanoBeirFiles::corpus},
                                     Part{"queries", &NanoBeirFiles::queries},
                                     Part{"relevance", &NanoBeirFiles::qrels}};

template <size_t N>
void note_missing(NanoBeirFiles& set, const std::array<Part, N>& parts) {
  for (const Part& part : parts)
    if ((set.*part.files).empty()) set.missing.emplace_back(part.folder);
}

std::map<std::string, NanoBeirFiles> find_joint(const fs::path& folder) {
  std::map<std::string, NanoBeirFiles> sets;
  for (const Part& part : kJointParts)
    for (auto& [name, files] : files_by_set(folder / part.folder))
      sets[name].*part.files = std::move(files);
  for (auto& [name, set] : sets) {
    set.positive_column = "corpus-id";
    set.candidates_column = "corpus-ids";
    note_missing(set, kJointParts);
  }
  return sets;
}

NanoBeirFiles single_set(const fs::path& folder) {
  NanoBeirFiles set{.positive_column = "positive-corpus-ids",
                    .candidates_column = "bm25-ranked-ids"};
  for (const Part& part : kSingleParts) set.*part.files = parquet_files(folder / part.folder);
  set.candidates = set.qrels;
  note_missing(set, kSingleParts);
  return set;
}

// Whether the folder is meant to hold a set that can be reranked, all of it or less. The hub has
// every set a second time without candidates, with qrels/ in the place of relevance/.
bool is_single_set(const fs::path& folder, const NanoBeirFiles& set) {
  if (set.missing.size() == kSingleParts.size()) return false;
  return !set.qrels.empty() || !fs::is_directory(folder / "qrels");
}

std::string single_name(const fs::path& folder) {
  std::string name = fs::absolute(folder / "").lexically_normal().parent_path().filename();
  if (name.ends_with("-bm25")) name.resize(name.size() - 5);
  return name;
}

std::map<std::string, NanoBeirFiles> find_single(const fs::path& folder) {
  std::map<std::string, NanoBeirFiles> sets;
  // Less than a set is no set here: corpus/ and queries/ are also how the other layout begins.
  if (NanoBeirFiles set = single_set(folder); set.missing.empty())
    sets[single_name(folder)] = std::move(set);
  if (!fs::is_directory(folder)) return sets;
  for (const auto& entry : fs::directory_iterator(folder))
    if (NanoBeirFiles set = single_set(entry.path()); is_single_set(entry.path(), set))
      sets[single_name(entry.path())] = std::move(set);
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
        "queries, qrels, bm25, or a folder for each set, with the folders corpus, queries, "
        "relevance",
        folder.string()));
  return sets;
}

}  // namespace lambdaforge::trainer
