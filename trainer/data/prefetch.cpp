#include "trainer/data/prefetch.h"

#include <utility>

namespace lambdaforge::trainer {
namespace {

constexpr size_t kDepth = 2;

// Empties the batch and keeps its memory.
void clear(Batch& batch) {
  batch.tokens.ids.clear();
  batch.tokens.type_ids.clear();
  batch.tokens.positions.clear();
  batch.tokens.pair_offsets.assign(1, 0);
  batch.tokens.pair_keys.clear();
  batch.labels.clear();
  batch.list_offsets.assign(1, 0);
}

}  // namespace

BatchPrefetcher::BatchPrefetcher(const TokenStore& store, const models::Tokenizer& tokenizer,
                                 BatchPlan plan, int64_t max_length, Start start)
    : store_(store),
      tokenizer_(tokenizer),
      plan_(std::move(plan)),
      max_length_(max_length),
      free_(kDepth),  // waiting or being filled
      thread_([this, start] { run(start); }) {}

BatchPrefetcher::~BatchPrefetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BatchPrefetcher::next(Batch& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  std::swap(batch, ready_.front());
  free_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
}

void BatchPrefetcher::assemble(const MicroBatch& slice, Batch& batch) const {
  clear(batch);
  for (const auto& [list, first_pair_key, documents] : slice)
    if (documents.empty())
      store_.append_list(list, tokenizer_, max_length_, first_pair_key, batch);
    else
      store_.append_documents(list, documents, tokenizer_, max_length_, first_pair_key, batch);
}

void BatchPrefetcher::run(Start start) try {
  const int64_t per_epoch = plan_.micro_steps_per_epoch();
  for (auto [epoch, micro_step] = start;; ++micro_step) {
    epoch += micro_step / per_epoch;
    micro_step %= per_epoch;
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || ready_.size() < kDepth; });
      if (stopping_) return;
      std::swap(batch, free_.back());
      free_.pop_back();
    }
    assemble(plan_.micro_batch(epoch, micro_step), batch);
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(batch));
    }
    changed_.notify_all();
  }
} catch (...) {
  const std::lock_guard lock(mutex_);
  failure_ = std::current_exception();
  changed_.notify_all();
}

}  // namespace lambdaforge::trainer
