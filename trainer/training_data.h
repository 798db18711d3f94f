// The lists of a run: a token store, and which of its lists train and which are held out.
#pragma once

#include <optional>
#include <vector>

#include "models/tokenizer/tokenizer.h"
#include "trainer/config.h"
#include "trainer/data/in_batch_negatives.h"
#include "trainer/data/sampler.h"
#include "trainer/data/token_store.h"
#include "trainer/parallel/communicator.h"

namespace lambdaforge::trainer {

struct TrainingData {
  TokenStore train_store;
  std::optional<TokenStore>
      eval_store;  // of data.eval; without it the held-out lists are in train_store
  std::vector<int64_t> train_lists, eval_lists;
  std::vector<int64_t> list_tokens;  // [lists of train_store]

  const TokenStore& held_out_store() const { return eval_store ? *eval_store : train_store; }
};

// Opens data.train (and data.eval). A file of lists is tokenised by rank 0 into a token store under
// <output_dir>/.token_stores, which a later run with the same file and tokenizer finds there.
// Collective. Throws what build_token_store, TokenStore::open and train_eval_split throw.
TrainingData open_training_data(const Config& config, const models::Tokenizer& tokenizer,
                                int64_t max_length, Communicator& communicator);

// For a loss that learns from the batch's other lists; else nothing. `store` must outlive it.
std::optional<InBatchNegatives> make_in_batch_negatives(const Config& config,
                                                        const TokenStore& store,
                                                        int64_t max_length);

// Which lists this rank takes in which step. `in_batch` must outlive it.
BatchPlan make_batch_plan(const Config& config, const TrainingData& data,
                          const std::optional<InBatchNegatives>& in_batch,
                          const Communicator& communicator);

}  // namespace lambdaforge::trainer
