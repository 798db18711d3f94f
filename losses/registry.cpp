#include "losses/registry.h"

#include "losses/lambda.h"
#include "losses/named.h"

namespace lambdaforge::losses {
namespace {

using Builder = Loss (*)(const LossOptions&);

const NamedTable<Builder>& builders() {
  static const NamedTable<Builder> table = {
      {"LambdaLoss", build_lambda_loss},
      {"RankNetLoss", build_rank_net_loss},
  };
  return table;
}

}  // namespace

Loss build_loss(const LossOptions& options) {
  return find_named("loss", options.name, builders())(options);
}

}  // namespace lambdaforge::losses
