#include "trainer/shared_scorer.h"

#include <numeric>

#include "models/pair_scorer.h"

namespace lambdaforge::trainer {
namespace {

using evaluators::TextPair;

bool same_pairs(const std::vector<TextPair>& a, const std::vector<TextPair>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const TextPair& x, const TextPair& y) {
                      return x.query == y.query && x.document == y.document;
                    });
}

class SharedScorer {
 public:
  SharedScorer(const models::Pretrained& pretrained, Communicator& communicator,
               int64_t batch_tokens)
      : pretrained_(pretrained), communicator_(communicator), batch_tokens_(batch_tokens) {}

  std::vector<float> operator()(const std::vector<TextPair>& pairs) {
    if (!same_pairs(pairs, pairs_)) encode(pairs);
    const std::vector<int64_t> mine = my_share();
    const at::Tensor logits =
        models::score_encoded(pretrained_, encoded_, mine, batch_tokens_);  // [mine, 1]
    std::vector<float> scores(pairs.size(), 0.0f);
    for (size_t i = 0; i < mine.size(); ++i) scores[mine[i]] = logits.const_data_ptr<float>()[i];
    // Every score is 0 on all ranks but one, so the sum is exact.
    communicator_.start_sum(
        at::from_blob(scores.data(), {static_cast<int64_t>(scores.size())}, at::kFloat));
    communicator_.finish_sums();
    return scores;
  }

 private:
  void encode(const std::vector<TextPair>& pairs) {
    pairs_ = pairs;
    std::vector<models::PairView> views;
    views.reserve(pairs.size());
    for (const TextPair& pair : pairs_) views.push_back({pair.query, pair.document});
    encoded_ = models::encode_pairs(views, pretrained_.tokenizer);
  }

  std::vector<int64_t> my_share() const {
    std::vector<int64_t> order(encoded_.pairs.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return encoded_.untruncated_length(a) > encoded_.untruncated_length(b);
    });
    std::vector<int64_t> mine;
    for (size_t i = communicator_.rank(); i < order.size(); i += communicator_.size())
      mine.push_back(order[i]);
    return mine;
  }

  const models::Pretrained& pretrained_;
  Communicator& communicator_;
  int64_t batch_tokens_;
  std::vector<TextPair> pairs_;
  models::EncodedPairs encoded_;
};

}  // namespace

evaluators::Scorer make_shared_scorer(const models::Pretrained& pretrained,
                                      Communicator& communicator, int64_t batch_tokens) {
  // std::function copies its target; the remembered ids must not be copied.
  const auto scorer = std::make_shared<SharedScorer>(pretrained, communicator, batch_tokens);
  return [scorer](const std::vector<TextPair>& pairs) { return (*scorer)(pairs); };
}

}  // namespace lambdaforge::trainer
