#include "trainer/data/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "trainer/data/in_batch_negatives.h"
#include "trainer/data/random.h"

namespace lambdaforge::trainer {
namespace {

constexpr uint64_t kSplitStream = ~uint64_t{0};  // no epoch has this number

int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

std::vector<int64_t> identity(int64_t size) {
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

std::vector<int64_t> permutation(int64_t size, uint64_t seed, uint64_t stream) {
  std::vector<int64_t> order = identity(size);
  Random(seed, stream).shuffle(std::span(order));
  return order;
}

int64_t count_eval_lists(int64_t num_lists, double eval_size) {
  const bool is_share = eval_size >= 0 && eval_size < 1;
  if (!is_share && !(eval_size >= 1 && eval_size == std::floor(eval_size)))
    throw std::invalid_argument(fmt::format(
        "eval_size is {}; expected a share in [0, 1) or a whole number of lists", eval_size));
  const auto all = static_cast<double>(num_lists);
  const double count = is_share ? std::ceil(eval_size * all) : eval_size;
  if (count >= all)
    throw std::invalid_argument(
        fmt::format("eval_size is {}, which leaves none of the {} lists to train on; lower it",
                    eval_size, num_lists));
  return static_cast<int64_t>(count);
}

void check_positive(const char* name, int64_t value) {
  if (value < 1)
    throw std::invalid_argument(fmt::format("{} is {}; expected at least 1", name, value));
}

}  // namespace

std::vector<int64_t> epoch_order(int64_t num_lists, uint64_t seed, int64_t epoch, bool shuffle) {
  return shuffle ? permutation(num_lists, seed, static_cast<uint64_t>(epoch)) : identity(num_lists);
}

Split train_eval_split(int64_t num_lists, double eval_size, uint64_t seed) {
  const int64_t count = count_eval_lists(num_lists, eval_size);
  const std::vector<int64_t> order = permutation(num_lists, seed, kSplitStream);
  Split split{{order.begin() + count, order.end()}, {order.begin(), order.begin() + count}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.eval.begin(), split.eval.end());
  return split;
}

BatchPlan::BatchPlan(std::vector<int64_t> lists, std::span<const int64_t> list_offsets,
                     std::span<const int64_t> list_tokens, const BatchPlanOptions& options)
    : lists_(std::move(lists)),
      list_offsets_(list_offsets),
      list_tokens_(list_tokens),
      options_(options) {
  check_positive("per_device_batch_size", options.per_device_batch_size);
  check_positive("world_size", options.world_size);
  check_positive("gradient_accumulation_steps", options.gradient_accumulation_steps);
  if (options.rank < 0 || options.rank >= options.world_size)
    throw std::invalid_argument(fmt::format("rank is {}; expected 0 to world_size - 1 = {}",
                                            options.rank, options.world_size - 1));
  if (lists_.empty()) throw std::invalid_argument("there are no lists to make batches of");
  const int64_t stored = static_cast<int64_t>(list_offsets.size()) - 1;
  for (const int64_t list : lists_)
    if (list < 0 || list >= stored)
      throw std::invalid_argument(
          fmt::format("list {} is not one of the store's {} lists", list, stored));
}

int64_t BatchPlan::micro_steps_per_epoch() const {
  return divide_up(num_lists(), options_.world_size * options_.per_device_batch_size);
}

int64_t BatchPlan::steps_per_epoch() const {
  return divide_up(micro_steps_per_epoch(), options_.gradient_accumulation_steps);
}

int64_t BatchPlan::micro_steps_in_step(int64_t step) const {
  const int64_t accumulated = options_.gradient_accumulation_steps;
  return std::clamp<int64_t>(micro_steps_per_epoch() - step * accumulated, 0, accumulated);
}

double BatchPlan::epoch_after(int64_t step) const {
  const int64_t step_in_epoch = (step - 1) % steps_per_epoch();
  const int64_t micro_steps =
      step_in_epoch * options_.gradient_accumulation_steps + micro_steps_in_step(step_in_epoch);
  return static_cast<double>((step - 1) / steps_per_epoch()) +
         static_cast<double>(micro_steps) / static_cast<double>(micro_steps_per_epoch());
}

void BatchPlan::make_order_of(int64_t epoch) {
  if (epoch == epoch_) return;
  order_ = epoch_order(num_lists(), options_.seed, epoch, options_.shuffle);
  for (int64_t& place : order_) place = lists_[static_cast<size_t>(place)];
  epoch_ = epoch;
}

std::span<const int64_t> BatchPlan::lists_of(int64_t micro_step) const {
  const int64_t global_batch = options_.world_size * options_.per_device_batch_size;
  const int64_t begin = micro_step * global_batch;
  const int64_t size = std::min(global_batch, num_lists() - begin);  // short only at the end
  return std::span(order_).subspan(begin, size);
}

MicroBatch BatchPlan::without_keys(int64_t micro_step) const {
  const std::span<const int64_t> lists = lists_of(micro_step);
  MicroBatch planned;
  if (!options_.in_batch) {
    for (const int64_t list : lists) planned.push_back({.list = list});
    return planned;
  }
  auto documents = options_.in_batch->choose(lists, epoch_, micro_step);
  for (size_t i = 0; i < lists.size(); ++i)
    if (!documents[i].empty())
      planned.push_back({.list = lists[i], .documents = std::move(documents[i])});
  return planned;
}

// Of the micro-step that follows on the one asked for last.
MicroBatch BatchPlan::with_keys(int64_t micro_step) {
  MicroBatch all = without_keys(micro_step);
  for (PlannedList& planned : all) {
    planned.first_pair_key = static_cast<uint32_t>(asked_.pairs);
    asked_.pairs += num_pairs(planned);
  }
  ++asked_.next;
  if (asked_.next % options_.gradient_accumulation_steps == 0) asked_.pairs = 0;
  return all;
}

int64_t BatchPlan::num_pairs(const PlannedList& planned) const {
  return planned.documents.empty() ? list_offsets_[planned.list + 1] - list_offsets_[planned.list]
                                   : std::ssize(planned.documents);
}

int64_t BatchPlan::num_tokens(const PlannedList& planned) const {
  return planned.documents.empty() ? list_tokens_[planned.list]
                                   : options_.in_batch->tokens(planned.list, planned.documents);
}

// The longest list first, each to the rank with the fewest tokens that still has room (Graham
// 1969); places in `lists`, in order.
std::vector<size_t> BatchPlan::my_share(const MicroBatch& lists) const {
  std::vector<int64_t> tokens;
  for (const PlannedList& planned : lists) tokens.push_back(num_tokens(planned));
  std::vector<size_t> longest_first(lists.size());
  std::iota(longest_first.begin(), longest_first.end(), size_t{0});
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [&](size_t a, size_t b) { return tokens[a] > tokens[b]; });
  struct Load {
    int64_t tokens = 0, lists = 0;
  };
  std::vector<Load> loads(options_.world_size);
  const int64_t room = options_.per_device_batch_size;
  const auto is_better = [&](const Load& a, const Load& b) {
    return std::pair(a.lists == room, a.tokens) < std::pair(b.lists == room, b.tokens);
  };
  std::vector<size_t> mine;
  for (const size_t place : longest_first) {
    const auto rank = std::min_element(loads.begin(), loads.end(), is_better);
    rank->tokens += tokens[place];
    ++rank->lists;
    if (rank - loads.begin() == options_.rank) mine.push_back(place);
  }
  std::sort(mine.begin(), mine.end());
  return mine;
}

MicroBatch BatchPlan::micro_batch(int64_t epoch, int64_t index) {
  if (epoch < 0 || index < 0 || index >= micro_steps_per_epoch())
    throw std::out_of_range(fmt::format("micro-step {} of epoch {}; an epoch has {} micro-steps",
                                        index, epoch, micro_steps_per_epoch()));
  make_order_of(epoch);
  if (asked_.epoch != epoch || asked_.next != index) {
    const int64_t first = index - index % options_.gradient_accumulation_steps;
    asked_ = {epoch, first, 0};
    while (asked_.next < index) with_keys(asked_.next);
  }
  MicroBatch all = with_keys(index);
  MicroBatch mine;
  for (const size_t place : my_share(all)) mine.push_back(std::move(all[place]));
  return mine;
}

}  // namespace lambdaforge::trainer
