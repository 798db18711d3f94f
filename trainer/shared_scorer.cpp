#include "trainer/shared_scorer.h"

#include <algorithm>
#include <deque>
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
    const models::EncodedPairs& encoded = encode(pairs);
    const std::vector<int64_t> mine = my_share(encoded);
    const at::Tensor logits =
        models::score_encoded(pretrained_, encoded, mine, batch_tokens_);  // [mine, labels]
    const int64_t labels = logits.size(1);
    const float* row = logits.const_data_ptr<float>();
    std::vector<float> scores(pairs.size() * static_cast<size_t>(labels), 0.0f);
    for (const int64_t pair : mine) {
      std::copy_n(row, labels, scores.begin() + pair * labels);
      row += labels;
    }
    // Every score is 0 on all ranks but one, so the sum is exact.
    communicator_.start_sum(
        at::from_blob(scores.data(), {static_cast<int64_t>(scores.size())}, at::kFloat));
    communicator_.finish_sums();
    return scores;
  }

 private:
  struct Known {
    std::vector<TextPair> pairs;
    models::EncodedPairs encoded;
  };
  static constexpr size_t kMostKnown = 3;  // correlation, classification, NanoBEIR

  const models::EncodedPairs& encode(const std::vector<TextPair>& pairs) {
    for (const Known& known : known_)
      if (same_pairs(pairs, known.pairs)) return known.encoded;
    if (known_.size() == kMostKnown) known_.pop_front();
    std::vector<models::PairView> views;
    views.reserve(pairs.size());
    for (const TextPair& pair : pairs) views.push_back({pair.query, pair.document});
    known_.push_back({pairs, models::encode_pairs(views, pretrained_.tokenizer)});
    return known_.back().encoded;
  }

  std::vector<int64_t> my_share(const models::EncodedPairs& encoded) const {
    std::vector<int64_t> order(encoded.pairs.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return encoded.untruncated_length(a) > encoded.untruncated_length(b);
    });
    std::vector<int64_t> mine;
    for (size_t i = communicator_.rank(); i < order.size(); i += communicator_.size())
      mine.push_back(order[i]);
    return mine;
  }

  const models::Pretrained& pretrained_;
  Communicator& communicator_;
  int64_t batch_tokens_;
  std::deque<Known> known_;
};

}  // namespace

evaluators::Scorer make_shared_scorer(const models::Pretrained& pretrained,
                                      Communicator& communicator, int64_t batch_tokens) {
  // std::function copies its target; the remembered ids must not be copied.
  const auto scorer = std::make_shared<SharedScorer>(pretrained, communicator, batch_tokens);
  return [scorer](const std::vector<TextPair>& pairs) { return (*scorer)(pairs); };
}

}  // namespace lambdaforge::trainer
