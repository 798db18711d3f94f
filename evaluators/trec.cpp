#include "evaluators/trec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/files.h"
#include "base/numbers.h"

namespace lambdaforge::evaluators {
namespace {

bool is_white(char c) {
  return c == ' ' || ('\t' <= c && c <= '\r');
}

// The lines of a file as columns, and where one is to blame.
class Columns {
 public:
  Columns(std::istream& input, std::string_view origin, std::vector<std::string_view> names)
      : input_(input), origin_(origin), names_(std::move(names)) {}

  // The next line that is not blank; false at the end. Good until the next call.
  bool next(std::vector<std::string_view>& columns) {
    do {
      if (!std::getline(input_, line_)) {
        if (input_.bad())
          throw std::runtime_error(fmt::format("cannot read {} behind line {}", origin_, number_));
        return false;
      }
      ++number_;
      split(columns);
    } while (columns.empty());
    if (columns.size() != names_.size())
      fail(fmt::format("expected {} columns ({}), got {}: '{}'", names_.size(), join(names_),
                       columns.size(), join(columns)));
    return true;
  }

  int64_t line_number() const { return number_; }

  [[noreturn]] void fail(const std::string& message) const { fail(number_, message); }
  [[noreturn]] void fail(int64_t line_number, const std::string& message) const {
    throw std::invalid_argument(fmt::format("{}, line {}: {}", origin_, line_number, message));
  }

 private:
  void split(std::vector<std::string_view>& columns) const {
    columns.clear();
    const auto end = line_.end();
    for (auto begin = line_.begin(); (begin = std::find_if_not(begin, end, is_white)) != end;) {
      const auto behind = std::find_if(begin, end, is_white);
      columns.emplace_back(begin, behind);
      begin = behind;
    }
  }

  static std::string join(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
      if (!text.empty()) text += ' ';
      text += word;
    }
    return text;
  }

  std::istream& input_;
  std::string_view origin_;
  std::vector<std::string_view> names_;
  std::string line_;
  int64_t number_ = 0;
};

[[noreturn]] void fail_on_repeated(const Columns& columns, int64_t line_number,
                                   std::string_view document, std::string_view query) {
  columns.fail(line_number,
               fmt::format("document '{}' is listed a second time for query '{}'; keep one line",
                           document, query));
}

// One set of ids a query for the whole file would be larger than the run itself.
void check_no_document_twice(const Columns& columns, const std::string& query,
                             const std::vector<ScoredDocument>& documents,
                             const std::vector<int64_t>& line_numbers) {
  std::vector<size_t> order(documents.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto id = [&](size_t i) -> const std::string& { return documents[i].document; };
  std::ranges::sort(order, [&](size_t a, size_t b) {
    const int compared = id(a).compare(id(b));
    return compared != 0 ? compared < 0 : a < b;
  });
  const auto twice =
      std::ranges::adjacent_find(order, [&](size_t a, size_t b) { return id(a) == id(b); });
  if (twice != order.end())
    fail_on_repeated(columns, line_numbers[*std::next(twice)], id(*twice), query);
}

void check_writable(std::string_view kind, std::string_view id) {
  if (id.empty() || std::ranges::any_of(id, is_white))
    throw std::invalid_argument(fmt::format(
        "{} '{}' cannot stand in a TREC file: it is empty or has white space", kind, id));
}

}  // namespace

Qrels read_qrels(std::istream& input, std::string_view origin) {
  Qrels qrels;
  Columns lines(input, origin, {"query", "0", "document", "grade"});
  std::vector<std::string_view> columns;
  while (lines.next(columns)) {
    const auto grade = read_number<int>(columns[3]);
    if (!grade) lines.fail(fmt::format("expected an integer as grade, got '{}'", columns[3]));
    Judgements& judgements = qrels[std::string(columns[0])];
    if (!judgements.try_emplace(std::string(columns[2]), *grade).second)
      fail_on_repeated(lines, lines.line_number(), columns[2], columns[0]);
  }
  return qrels;
}

Run read_run(std::istream& input, std::string_view origin) {
  Run run;
  std::map<std::string, std::vector<int64_t>> line_numbers;
  Columns lines(input, origin, {"query", "Q0", "document", "rank", "score", "tag"});
  std::vector<std::string_view> columns;
  while (lines.next(columns)) {
    const auto score = read_number<double>(columns[4]);
    if (!score || std::isnan(*score))
      lines.fail(fmt::format("expected a number as score, got '{}'", columns[4]));
    const std::string query(columns[0]);
    run[query].push_back({std::string(columns[2]), *score});
    line_numbers[query].push_back(lines.line_number());
  }
  for (const auto& [query, documents] : run)
    check_no_document_twice(lines, query, documents, line_numbers.at(query));
  return run;
}

void write_qrels(const std::filesystem::path& path, const Qrels& qrels) {
  std::string text;
  for (const auto& [query, judgements] : qrels) {
    check_writable("query", query);
    for (const auto& [document, grade] : judgements) {
      check_writable("document", document);
      text += fmt::format("{} 0 {} {}\n", query, document, grade);
    }
  }
  write_file_atomically(path, text);
}

void write_run(const std::filesystem::path& path, const Run& run, std::string_view tag) {
  check_writable("tag", tag);
  std::string text;
  for (const auto& [query, documents] : run) {
    check_writable("query", query);
    size_t rank = 0;
    for (const ScoredDocument* document : best_first(documents)) {
      check_writable("document", document->document);
      text += fmt::format("{} Q0 {} {} {} {}\n", query, document->document, ++rank, document->score,
                          tag);  // the shortest digits that read back equal
    }
  }
  write_file_atomically(path, text);
}

std::vector<const ScoredDocument*> best_first(const std::vector<ScoredDocument>& documents) {
  std::vector<const ScoredDocument*> order;
  order.reserve(documents.size());
  for (const ScoredDocument& document : documents) {
    if (std::isnan(document.score))
      throw std::invalid_argument(
          fmt::format("the score of document '{}' is not a number and cannot be ranked: has the "
                      "model diverged?",
                      document.document));
    order.push_back(&document);
  }
  std::ranges::sort(order, [](const ScoredDocument* a, const ScoredDocument* b) {
    const auto score_a = static_cast<float>(a->score);
    const auto score_b = static_cast<float>(b->score);
    return score_a != score_b ? score_a > score_b : a->document > b->document;
  });
  return order;
}

Ranking rank_run(const std::vector<ScoredDocument>& documents, const Judgements& judgements) {
  std::vector<std::optional<int>> grades;
  grades.reserve(documents.size());
  for (const ScoredDocument* document : best_first(documents)) {
    const auto judgement = judgements.find(document->document);
    grades.push_back(judgement == judgements.end() ? std::nullopt
                                                   : std::optional(judgement->second));
  }
  std::vector<int> judged;
  judged.reserve(judgements.size());
  for (const auto& judgement : judgements) judged.push_back(judgement.second);
  return rank_as_given(std::move(grades), std::move(judged));
}

}  // namespace lambdaforge::evaluators
