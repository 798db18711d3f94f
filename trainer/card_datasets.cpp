#include "trainer/card_datasets.h"

#include <fmt/format.h>

#include <algorithm>

#include "trainer/data/hdf5_file.h"
#include "trainer/data/list_reader.h"

namespace lambdaforge::trainer {
namespace {

using experiments::CardCell;
using experiments::CardColumn;

constexpr size_t kSamples = 3;
constexpr size_t kElements = 5;  // of a sample's list
// Held-out lists lie anywhere in the file; a start does not wait until all of it is read.
constexpr int64_t kListsToLookThrough = 20'000;

std::filesystem::path source_of(const std::filesystem::path& file) {
  if (file.extension() != ".h5") return file;
  return Hdf5Reader(file).text_attribute("source_path");
}

struct EnoughRead {};  // read_lists goes on to the end of the file unless something is thrown

struct Extremes {
  int64_t min = std::numeric_limits<int64_t>::max(), max = 0, sum = 0, count = 0;

  void add(int64_t value) {
    min = std::min(min, value);
    max = std::max(max, value);
    sum += value;
    ++count;
  }
  std::vector<std::string> describe(std::string_view unit) const {
    if (min == max && unit == "elements") return {fmt::format("size: {} {}", min, unit)};
    const double mean = static_cast<double>(sum) / static_cast<double>(count);
    return {fmt::format("min: {} {}", min, unit), fmt::format("mean: {:.2f} {}", mean, unit),
            fmt::format("max: {} {}", max, unit)};
  }
};

CardCell text_list(const std::vector<std::string>& texts) {
  CardCell cell{.is_list = true, .is_cut = texts.size() > kElements};
  cell.elements.assign(texts.begin(),
                       texts.begin() + static_cast<ptrdiff_t>(std::min(texts.size(), kElements)));
  return cell;
}

CardCell number_list(const std::vector<float>& numbers) {
  CardCell cell{.is_list = true, .is_text = false, .is_cut = numbers.size() > kElements};
  for (size_t i = 0; i < std::min(numbers.size(), kElements); ++i)
    cell.elements.push_back(fmt::format("{}", numbers[i]));
  return cell;
}

}  // namespace

std::vector<RankedList> first_lists(const std::filesystem::path& file, const TokenStore& store,
                                    const models::Tokenizer& tokenizer, std::vector<int64_t> lists,
                                    size_t count) {
  const std::filesystem::path source = source_of(file);
  if (lists.empty() || !store.is_current(source, tokenizer)) return {};
  const auto last = lists.begin() + static_cast<ptrdiff_t>(std::min(count, lists.size()));
  std::partial_sort(lists.begin(), last, lists.end());
  lists.erase(last, lists.end());
  std::vector<RankedList> chosen;
  int64_t place = 0;
  try {
    read_lists(source, [&](RankedList&& list) {
      if (place++ == lists[chosen.size()]) chosen.push_back(std::move(list));
      if (chosen.size() == lists.size() || place == kListsToLookThrough) throw EnoughRead();
    });
  } catch (const EnoughRead&) {
  }
  return chosen;
}

experiments::CardDataset describe_dataset(const std::vector<RankedList>& first,
                                          const models::Tokenizer& tokenizer, int64_t max_length) {
  experiments::CardDataset dataset;
  dataset.statistics_rows = static_cast<int64_t>(first.size());
  Extremes tokens, documents;
  for (const RankedList& list : first) {
    constexpr int64_t kSpecialTokens = 2;  // [CLS] and [SEP]
    tokens.add(std::min(std::ssize(tokenizer.encode(list.query)) + kSpecialTokens, max_length));
    documents.add(std::ssize(list.documents));
  }
  const bool known = !first.empty();
  dataset.columns = {
      {"query", "string", known ? tokens.describe("tokens") : std::vector<std::string>()},
      {"docs", "list", known ? documents.describe("elements") : std::vector<std::string>()},
      {"labels", "list", known ? documents.describe("elements") : std::vector<std::string>()}};
  for (size_t i = 0; i < std::min(first.size(), kSamples); ++i)
    dataset.samples.push_back({CardCell{.elements = {first[i].query}},
                               text_list(first[i].documents), number_list(first[i].labels)});
  return dataset;
}

}  // namespace lambdaforge::trainer
