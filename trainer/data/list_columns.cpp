#include "trainer/data/list_columns.h"

#include <fmt/format.h>

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

}  // namespace

ListColumns find_list_columns(std::span<const std::string> found) {
  const bool has_documents = !first_column(found, {"docs", "documents"}).empty();
  if (!has_documents && !first_column(found, {"passages.passage_text"}).empty())
    return {require_column(found, "query", {"query"}), "passages.passage_text",
            require_column(found, "labels", {"passages.is_selected"}), true};
  return {require_column(found, "query", {"query"}),
          require_column(found, "documents", {"docs", "documents"}),
          require_column(found, "labels", {"label", "labels", "score", "scores"})};
}

std::optional<RankedList> make_ranked_list(const ListColumns& columns, std::string query,
                                           std::vector<std::string> documents,
                                           const std::vector<double>& labels) {
  if (documents.size() != labels.size())
    throw std::invalid_argument(
        fmt::format("'{}' has {} labels for {} documents in '{}'; give every document one label",
                    columns.labels, labels.size(), documents.size(), columns.documents));
  if (documents.empty())
    throw std::invalid_argument(fmt::format(
        "'{}' is an empty list; drop the query or give it documents", columns.documents));
  RankedList list{std::move(query), std::move(documents), finite_labels(labels)};
  check_texts(list);
  if (columns.ms_marco) return sort_selected_first(std::move(list));
  return list;
}

}  // namespace lambdaforge::trainer
