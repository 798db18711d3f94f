#include "trainer/training_data.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

#include "losses/registry.h"

namespace lambdaforge::trainer {
namespace {

namespace fs = std::filesystem;

// Two files of one name, or one file under two tokenizers, must not share a store.
fs::path cached_store(const Config& config, const fs::path& lists,
                      const models::Tokenizer& tokenizer) {
  const size_t key =
      std::hash<std::string>()(fs::absolute(lists).string() + tokenizer.fingerprint());
  return fs::path(config.run.output_dir) / ".token_stores" /
         fmt::format("{}-{:016x}.h5", lists.stem().string(), key);
}

bool is_current_store(const fs::path& store, const fs::path& lists,
                      const models::Tokenizer& tokenizer) {
  if (!fs::exists(store)) return false;
  try {
    return TokenStore::open(store).is_current(lists, tokenizer);
  } catch (const std::invalid_argument&) {
    return false;  // damaged or of an older version: it is built again
  }
}

TokenStore open_lists(const Config& config, const std::string& path,
                      const models::Tokenizer& tokenizer, Communicator& communicator) {
  fs::path store = path;
  if (store.extension() != ".h5") {
    store = cached_store(config, path, tokenizer);
    if (communicator.rank() == 0 && !is_current_store(store, path, tokenizer)) {
      fs::create_directories(store.parent_path());
      build_token_store(path, tokenizer, store);
    }
    communicator.barrier();
  }
  TokenStore opened = TokenStore::open(store);
  opened.check_tokenizer(tokenizer);
  return opened;
}

std::vector<int64_t> all_lists(const TokenStore& store) {
  std::vector<int64_t> lists(store.num_lists());
  std::iota(lists.begin(), lists.end(), int64_t{0});
  return lists;
}

}  // namespace

TrainingData open_training_data(const Config& config, const models::Tokenizer& tokenizer,
                                int64_t max_length, Communicator& communicator) {
  TrainingData data{
      open_lists(config, config.data.train, tokenizer, communicator), std::nullopt, {}, {}, {}};
  data.list_tokens = data.train_store.list_tokens(max_length);
  if (!config.data.eval.empty()) {
    data.eval_store = open_lists(config, config.data.eval, tokenizer, communicator);
    data.train_lists = all_lists(data.train_store);
    data.eval_lists = all_lists(*data.eval_store);
    return data;
  }
  Split split =
      train_eval_split(data.train_store.num_lists(), config.data.eval_size, config.training.seed);
  data.train_lists = std::move(split.train);
  data.eval_lists = std::move(split.eval);
  return data;
}

std::optional<InBatchNegatives> make_in_batch_negatives(const Config& config,
                                                        const TokenStore& store,
                                                        int64_t max_length) {
  if (!losses::loss_needs(config.loss.name).in_batch) return std::nullopt;
  return InBatchNegatives(store, max_length, config.loss.num_negatives, config.training.seed);
}

BatchPlan make_batch_plan(const Config& config, const TrainingData& data,
                          const std::optional<InBatchNegatives>& in_batch,
                          const Communicator& communicator) {
  return {data.train_lists,
          data.train_store.list_offsets(),
          data.list_tokens,
          {.seed = config.training.seed,
           .shuffle = config.data.shuffle,
           .per_device_batch_size = config.training.per_device_train_batch_size,
           .world_size = communicator.size(),
           .rank = communicator.rank(),
           .gradient_accumulation_steps = config.training.gradient_accumulation_steps,
           .in_batch = in_batch ? &*in_batch : nullptr}};
}

}  // namespace lambdaforge::trainer
