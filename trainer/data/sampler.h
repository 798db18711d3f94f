// Which lists a rank trains on in which micro-step: a pure function of (seed, epoch, sizes), so
// that a resumed run goes on exactly where it stopped.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lambdaforge::trainer {

// A permutation of 0 .. num_lists - 1; the identity when `shuffle` is false.
std::vector<int64_t> epoch_order(int64_t num_lists, uint64_t seed, int64_t epoch, bool shuffle);

struct Split {
  std::vector<int64_t> train;  // sorted
  std::vector<int64_t> eval;   // sorted, disjoint from train
};

// eval_size < 1: that share of the lists, rounded up as scikit-learn does; otherwise a whole number
// of lists. Throws std::invalid_argument when it is negative or broken, or leaves nothing to train.
Split train_eval_split(int64_t num_lists, double eval_size, uint64_t seed);

class InBatchNegatives;

// A list, what its query is scored with, and the key of its first pair: the number of pairs before
// it within the optimizer step's batch over all ranks and micro-steps. Keys, and with them dropout
// masks, depend on neither world size nor accumulation.
struct PlannedList {
  int64_t list = 0;
  uint32_t first_pair_key = 0;
  std::vector<int64_t> documents = {};  // places among the store's pairs; empty: the list's own

  bool operator==(const PlannedList&) const = default;
};

// The lists of one rank in one micro-step; empty when a short last batch has none left.
using MicroBatch = std::vector<PlannedList>;

struct BatchPlanOptions {
  uint64_t seed = 42;
  bool shuffle = true;
  int64_t per_device_batch_size = 8;  // lists
  int64_t world_size = 1;
  int64_t rank = 0;
  int64_t gradient_accumulation_steps = 1;
  // Lists take documents of the others in their micro-step, over all ranks; lists without a
  // positive are left out. Must outlive the plan.
  const InBatchNegatives* in_batch = nullptr;
};

// Nothing is dropped: the last micro-batch of an epoch may hold fewer lists, the last optimizer
// step fewer micro-batches, as in transformers. The lists of a micro-step are dealt out by their
// tokens, so that no rank waits for another.
class BatchPlan {
 public:
  // `lists`: the store's lists to train on. `list_offsets` [lists of the store + 1] in pairs; must
  // outlive the plan, as `list_tokens` [lists of the store]. Throws std::invalid_argument on an
  // impossible option, an empty `lists` or a list that the store does not hold.
  BatchPlan(std::vector<int64_t> lists, std::span<const int64_t> list_offsets,
            std::span<const int64_t> list_tokens, const BatchPlanOptions& options);

  int64_t num_lists() const { return static_cast<int64_t>(lists_.size()); }
  int64_t micro_steps_per_epoch() const;
  int64_t steps_per_epoch() const;  // optimizer updates
  // Micro-steps of the optimizer step `step` (from 0) of an epoch.
  int64_t micro_steps_in_step(int64_t step) const;

  double epoch_after(int64_t step) const;  // 1-based optimizer step of the run -> epochs so far

  // `index` in [0, micro_steps_per_epoch()). Keeps the order of the last epoch asked for, and is
  // quickest from one micro-step to the next: one thread at a time, copy the plan for another.
  MicroBatch micro_batch(int64_t epoch, int64_t index);

 private:
  void make_order_of(int64_t epoch);
  std::span<const int64_t> lists_of(int64_t micro_step) const;  // of all ranks
  MicroBatch without_keys(int64_t micro_step) const;
  MicroBatch with_keys(int64_t micro_step);
  int64_t num_pairs(const PlannedList& planned) const;
  int64_t num_tokens(const PlannedList& planned) const;
  std::vector<size_t> my_share(const MicroBatch& lists) const;

  std::vector<int64_t> lists_;
  std::span<const int64_t> list_offsets_, list_tokens_;
  BatchPlanOptions options_;
  std::vector<int64_t> order_;  // lists of the store in the order of epoch_
  int64_t epoch_ = -1;
  struct {
    int64_t epoch = -1;
    int64_t next = 0;   // micro-step
    int64_t pairs = 0;  // of its optimizer step, before it
  } asked_;
};

}  // namespace lambdaforge::trainer
