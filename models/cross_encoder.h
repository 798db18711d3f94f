// A reranker: encoder, pooler and classifier over packed (query, document) pairs.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "models/bert.h"
#include "models/token_batch.h"

namespace lambdaforge::models {

struct CrossEncoderConfig {
  BertConfig bert;
  int64_t num_labels = 1;
  std::optional<double> classifier_dropout;  // nullopt: hidden_dropout_prob, as Hugging Face does

  double head_dropout() const { return classifier_dropout.value_or(bert.hidden_dropout_prob); }
};

class CrossEncoder {
 public:
  // Fresh weights as in Bert; the pooler and the classifier N(0, initializer_range), biases 0.
  explicit CrossEncoder(const CrossEncoderConfig& config);

  // Raw logits [pairs, num_labels], differentiable. `key` is nullptr for evaluation, else dropout
  // is on.
  at::Tensor operator()(const TokenBatch& batch, const DropoutKey* key) const;

  // Every parameter under its name in a BertForSequenceClassification file, in Hugging Face's
  // order.
  std::vector<Parameter> parameters() const;

  // Moves every parameter; call it before an optimizer or a reducer takes hold of them.
  void to(at::Device device);

  const CrossEncoderConfig& config() const { return config_; }

 private:
  CrossEncoderConfig config_;
  Bert bert_;
  Linear pooler_;      // [hidden, hidden]
  Linear classifier_;  // [num_labels, hidden]
};

}  // namespace lambdaforge::models
