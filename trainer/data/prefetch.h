// Batches are assembled while the model computes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "models/tokenizer/tokenizer.h"
#include "trainer/data/batch.h"
#include "trainer/data/sampler.h"
#include "trainer/data/token_store.h"

namespace lambdaforge::trainer {

// One thread that follows a plan from (epoch, micro-step) on, epoch after epoch, and stays two
// batches ahead.
class BatchPrefetcher {
 public:
  struct Start {
    int64_t epoch = 0;
    int64_t micro_step = 0;  // within the epoch; its end is the start of the next epoch
  };

  // `store` and `tokenizer` must outlive the prefetcher. max_length: tokens of a pair, special
  // tokens included.
  BatchPrefetcher(const TokenStore& store, const models::Tokenizer& tokenizer, BatchPlan plan,
                  int64_t max_length, Start start);
  ~BatchPrefetcher();
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;

  // Puts the next batch of the plan into `batch`, whose old memory serves a later one. Waits until
  // it is ready; throws what went wrong in the thread.
  void next(Batch& batch);

 private:
  void run(Start start);
  void assemble(const MicroBatch& slice, Batch& batch) const;

  const TokenStore& store_;
  const models::Tokenizer& tokenizer_;
  BatchPlan plan_;  // the thread's own
  int64_t max_length_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::vector<Batch> free_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts when everything above is there
};

}  // namespace lambdaforge::trainer
