#include "trainer/data/beir_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include "base/suggestion.h"
#include "trainer/data/json_lines.h"
#include "trainer/data/text_lines.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;
using evaluators::Qrels;
using evaluators::RetrievalSet;
using nlohmann::json;

constexpr const char* kLayout = "corpus.jsonl, queries.jsonl and qrels/<split>.tsv, each also .gz";

// `name` in the folder, or its gzipped form.
fs::path find_file(const fs::path& folder, const std::string& name) {
  for (const std::string& known : {name, name + ".gz"})
    if (fs::exists(folder / known)) return folder / known;
  throw std::invalid_argument(fmt::format("no {} in {}; expected a folder in BEIR's layout: {}",
                                          name, folder.string(), kLayout));
}

std::vector<std::string> splits_in(const fs::path& qrels) {
  std::vector<std::string> splits;
  if (!fs::is_directory(qrels)) return splits;
  for (const auto& entry : fs::directory_iterator(qrels))
    for (const std::string_view ending : {".tsv", ".tsv.gz"})
      if (const std::string name = entry.path().filename().string(); name.ends_with(ending))
        splits.push_back(name.substr(0, name.size() - ending.size()));
  std::ranges::sort(splits);
  return splits;
}

fs::path find_qrels(const fs::path& folder, const std::string& split) {
  const fs::path qrels = folder / "qrels";
  const std::vector<std::string> known = splits_in(qrels);
  if (known.empty())
    throw std::invalid_argument(
        fmt::format("no qrels/*.tsv in {}; expected a folder in BEIR's "
                    "layout: {}",
                    folder.string(), kLayout));
  if (!std::ranges::count(known, split))
    throw std::invalid_argument(
        fmt::format("{}: {}", qrels.string(), unknown_name_message("split", split, known)));
  return find_file(qrels, split + ".tsv");
}

// {"_id", ...} lines; an id comes once.
void for_each_text(const fs::path& path, const char* example,
                   const std::function<void(std::string&& id, json& object)>& visit) {
  std::unordered_set<std::string> seen;
  for_each_json_line(path, example, [&](json& object) {
    for (const char* key : {"_id", "text"})
      if (!object.contains(key))
        throw std::invalid_argument(fmt::format("no '{}'; expected {}", key, example));
    std::string id = take_text(object["_id"], "_id");
    if (!seen.insert(id).second)
      throw std::invalid_argument(fmt::format("_id '{}' comes a second time", id));
    visit(std::move(id), object);
  });
}

void read_corpus(const fs::path& path, RetrievalSet& set) {
  for_each_text(path, R"({"_id": ..., "title": ..., "text": ...})",
                [&](std::string&& id, json& object) {
                  std::string text = take_text(object["text"], "text");
                  const auto title = object.find("title");
                  if (title != object.end() && !title->is_null())
                    if (const std::string head = take_text(*title, "title"); !head.empty())
                      text.insert(0, head + (text.empty() ? "" : " "));
                  set.document_ids.push_back(std::move(id));
                  set.documents.push_back(std::move(text));
                });
}

void read_judged_queries(const fs::path& path, const fs::path& qrels, RetrievalSet& set) {
  for_each_text(path, R"({"_id": ..., "text": ...})", [&](std::string&& id, json& object) {
    if (set.qrels.contains(id))
      set.queries.emplace_back(std::move(id), take_text(object["text"], "text"));
  });
  if (set.queries.size() == set.qrels.size()) return;
  std::unordered_set<std::string_view> found;
  for (const auto& query : set.queries) found.insert(query.first);
  const auto missing = std::ranges::find_if(
      set.qrels, [&](const auto& judged) { return !found.contains(judged.first); });
  throw std::invalid_argument(fmt::format("{}: no query '{}', which {} judges ({} of {} missing)",
                                          path.string(), missing->first, qrels.string(),
                                          set.qrels.size() - found.size(), set.qrels.size()));
}

void check_judged_documents(const RetrievalSet& set, const fs::path& corpus,
                            const fs::path& qrels) {
  const std::unordered_set<std::string_view> known(set.document_ids.begin(),
                                                   set.document_ids.end());
  for (const auto& [query, judgements] : set.qrels)
    for (const auto& [document, grade] : judgements)
      if (known.contains(document)) return;
  throw std::invalid_argument(
      fmt::format("{} has none of the documents that {} judges", corpus.string(), qrels.string()));
}

// "q1<tab>d3 d1 d2"
void read_list(const std::string& line, evaluators::Run& run) {
  const size_t tab = line.find('\t');
  if (tab == line.npos)
    throw std::invalid_argument("no tab; expected a query's id, a tab and its documents' ids");
  const std::string query = line.substr(0, tab);
  const auto [entry, is_new] = run.try_emplace(query);
  if (!is_new) throw std::invalid_argument(fmt::format("query '{}' comes a second time", query));
  auto& documents = entry->second;
  std::istringstream ids(line.substr(tab + 1));
  std::unordered_set<std::string> seen;
  for (std::string id; ids >> id; documents.push_back({id, 0}))
    if (!seen.insert(id).second)
      throw std::invalid_argument(fmt::format("document '{}' comes a second time", id));
  for (size_t i = 0; i < documents.size(); ++i)
    documents[i].score = static_cast<double>(documents.size() - i);
}

evaluators::Run read_first_stage_lists(const fs::path& path) {
  evaluators::Run run;
  TextLines lines(path);
  for (std::string line; lines.next(line);) try {
      if (!line.empty()) read_list(line, run);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}, line {}: {}", path.string(), lines.line_number(), error.what()));
    }
  return run;
}

}  // namespace

RetrievalSet load_beir(const fs::path& folder, const std::string& split) {
  if (!fs::is_directory(folder))
    throw std::invalid_argument(
        fmt::format("no folder {}; expected one in BEIR's layout: {}", folder.string(), kLayout));
  const fs::path corpus = find_file(folder, "corpus.jsonl");
  const fs::path queries = find_file(folder, "queries.jsonl");
  const fs::path qrels = find_qrels(folder, split);
  RetrievalSet set{fs::canonical(folder).filename().string(), {}, {}, {}, read_judgements(qrels)};
  read_judged_queries(queries, qrels, set);
  read_corpus(corpus, set);
  check_judged_documents(set, corpus, qrels);
  return set;
}

// BEIR's three columns become TREC's four, line for line, so that one reader judges both.
Qrels read_judgements(const fs::path& path) {
  TextLines lines(path);
  std::stringstream trec;
  for (std::string line; lines.next(line); trec << line << '\n') {
    if (lines.line_number() == 1 && line.starts_with("query-id\t"))
      line.clear();
    else if (std::ranges::count(line, '\t') == 2)
      line.insert(line.find('\t'), " 0");
  }
  Qrels qrels = evaluators::read_qrels(trec, path.string());
  if (qrels.empty()) throw std::invalid_argument(path.string() + ": no judgements");
  return qrels;
}

evaluators::Run read_first_stage(const fs::path& path) {
  TextLines lines(path);
  std::stringstream text;
  for (std::string line; lines.next(line); text << line << '\n')
    if (lines.line_number() == 1 && std::ranges::count(line, '\t') == 1)
      return read_first_stage_lists(path);
  evaluators::Run run = evaluators::read_run(text, path.string());
  if (run.empty()) throw std::invalid_argument(path.string() + ": no documents");
  return run;
}

}  // namespace lambdaforge::trainer
