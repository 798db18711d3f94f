#include "trainer/data/list_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "trainer/data/columns.h"

namespace lambdaforge::trainer {
namespace {

void check_texts(const RankedList& list) {
  check_utf8(list.query, "the query");
  for (size_t i = 0; i < list.documents.size(); ++i)
    check_utf8(list.documents[i], fmt::format("document {}", i));
}

std::vector<float> finite_labels(const std::vector<double>& labels) {
  std::vector<float> result;
  result.reserve(labels.size());
  for (const double label : labels) {
    result.push_back(static_cast<float>(label));
    if (!std::isfinite(result.back()))
      throw std::invalid_argument(fmt::format(
          "label {} of document {} is not a finite float; give every document a number or drop it",
          label, result.size() - 1));
  }
  return result;
}

std::optional<RankedList> sort_selected_first(RankedList list) {
  RankedList sorted{std::move(list.query), {}, list.labels};
  std::stable_sort(sorted.labels.begin(), sorted.labels.end(), std::greater<>());
  if (sorted.labels.front() <= 0) return std::nullopt;
  std::vector<size_t> order(list.documents.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return list.labels[a] > list.labels[b]; });
  for (const size_t i : order) sorted.documents.push_back(std::move(list.documents[i]));
  return sorted;
}

// negative_score and negative_ids are something else.
bool is_negative_column(std::string_view name) {
  constexpr std::string_view kNegative = "negative", kNumbered = "negative_";
  if (!name.starts_with(kNumbered)) return name == kNegative;
  const std::string_view number = name.substr(kNumbered.size());
  return !number.empty() && number.find_first_not_of("0123456789") == number.npos;
}

// negative, negative_1, ..., negative_10, ...: shorter names first.
std::vector<std::string> negative_columns(std::span<const std::string> found) {
  std::vector<std::string> names;
  std::ranges::copy_if(found, std::back_inserter(names), is_negative_column);
  std::ranges::sort(names, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

ListColumns tuple_columns(std::span<const std::string> found) {
  ListColumns columns{ListLayout::kTuple,
                      require_column(found, "query", {"query", "anchor", "question"}),
                      negative_columns(found), first_column(found, kLabelColumns)};
  columns.documents.insert(columns.documents.begin(), "positive");
  return columns;
}

std::string labels_column(std::span<const std::string> found) {
  return require_column(found, "labels", kLabelColumns);
}

std::vector<double> binary_labels(size_t num_positives, size_t num_documents) {
  std::vector<double> labels(num_documents, 0);
  std::fill_n(labels.begin(), num_positives, 1);
  return labels;
}

// Scores with these differences, the lowest of which is 0.
std::vector<double> scores_of_margins(const std::vector<double>& margins) {
  const double positive = std::max(0.0, *std::ranges::max_element(margins));
  std::vector<double> scores = {positive};
  for (const double margin : margins) scores.push_back(positive - margin);
  return scores;
}

std::vector<double> complete_tuple_labels(std::vector<double> labels, size_t num_positives,
                                          size_t num_documents) {
  if (labels.empty()) return binary_labels(num_positives, num_documents);
  if (num_positives == 1 && labels.size() + 1 == num_documents) return scores_of_margins(labels);
  return labels;
}

std::vector<std::string> join_columns(std::vector<std::vector<std::string>>&& texts) {
  std::vector<std::string> documents;
  for (auto& column : texts) std::ranges::move(column, std::back_inserter(documents));
  return documents;
}

}  // namespace

ListColumns find_list_columns(std::span<const std::string> found) {
  if (const std::string documents = first_column(found, {"docs", "documents"}); !documents.empty())
    return {ListLayout::kList,
            require_column(found, "query", {"query"}),
            {documents},
            labels_column(found)};
  if (!first_column(found, {"passages.passage_text"}).empty())
    return {ListLayout::kMsMarco,
            require_column(found, "query", {"query"}),
            {"passages.passage_text"},
            require_column(found, "labels", {"passages.is_selected"})};
  if (!first_column(found, {"positive"}).empty()) return tuple_columns(found);
  const std::string document =
      first_column(found, {"document", "passage", "answer", "sentence2", "hypothesis"});
  if (!document.empty())
    return {ListLayout::kPair,
            require_column(found, "query", {"query", "anchor", "sentence1", "premise"}),
            {document},
            labels_column(found)};
  require_column(found, "documents", {"docs", "documents", "positive", "document"});
  return {};
}

std::optional<RankedList> make_ranked_list(const ListColumns& columns, std::string query,
                                           std::vector<std::vector<std::string>> texts,
                                           std::vector<double> labels) {
  const size_t num_first = texts.front().size();
  if (num_first == 0)
    throw std::invalid_argument(fmt::format(
        "'{}' is an empty list; drop the query or give it documents", columns.documents.front()));
  std::vector<std::string> documents = join_columns(std::move(texts));
  if (columns.layout == ListLayout::kTuple)
    labels = complete_tuple_labels(std::move(labels), num_first, documents.size());
  if (documents.size() != labels.size())
    throw std::invalid_argument(fmt::format(
        "'{}' has {} labels for {} documents in '{}'; give every document one label",
        columns.labels, labels.size(), documents.size(), fmt::join(columns.documents, "', '")));
  RankedList list{std::move(query), std::move(documents), finite_labels(labels)};
  check_texts(list);
  if (columns.layout == ListLayout::kMsMarco) return sort_selected_first(std::move(list));
  return list;
}

}  // namespace lambdaforge::trainer
