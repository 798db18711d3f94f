// The BERT encoder over packed tokens (Devlin et al. 2019): [tokens, hidden] all the way, nothing
// padded.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "models/ops/embedding.h"
#include "models/ops/feed_forward.h"
#include "models/ops/packing.h"
#include "models/token_batch.h"

namespace lambdaforge::models {

struct BertConfig {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
  double initializer_range = 0.02;
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
};

struct BertLayer {
  Linear qkv;  // query, key and value in one product: [3 * hidden, hidden]
  FeedForwardWeights rest;
};

// A parameter's place in a Hugging Face file. A parameter that holds several of their tensors (qkv)
// has several names, whose tensors are its equal slices along dimension 0.
struct Parameter {
  std::vector<std::string> names;  // "encoder.layer.0.attention.self.query.weight", ...
  at::Tensor tensor;               // a leaf that requires a gradient
};

class Bert {
 public:
  // Weights N(0, initializer_range), biases 0, LayerNorm 1 and 0, from torch's default CPU
  // generator.
  explicit Bert(const BertConfig& config);

  // The last layer's hidden row of each pair's first token, [CLS] -> [pairs, hidden]. `key` is
  // nullptr for evaluation.
  at::Tensor operator()(const TokenBatch& batch, const PackingPtr& packing,
                        const DropoutKey* key) const;

  // In the order in which Hugging Face lists them.
  std::vector<Parameter> parameters() const;

  const BertConfig& config() const { return config_; }

 private:
  BertConfig config_;
  EmbeddingWeights embeddings_;
  std::vector<BertLayer> layers_;
};

// Weight N(0, deviation), bias 0; both require gradients.
Linear make_linear(int64_t in, int64_t out, double deviation);

// One row a pair, under the pair's own key.
PackingPtr one_row_a_pair(const Packing& packing);

// The dropout of one place in the network; probability 0 when there is no key.
DropoutSite dropout_site(const DropoutKey* key, int64_t layer, int64_t site, double probability);

}  // namespace lambdaforge::models
