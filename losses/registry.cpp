#include "losses/registry.h"

#include "losses/approximate_rank.h"
#include "losses/lambda.h"
#include "losses/list_mle.h"
#include "losses/list_net.h"
#include "losses/named.h"
#include "losses/pairwise.h"
#include "losses/pointwise.h"

namespace lambdaforge::losses {
namespace {

using Builder = Loss (*)(const LossOptions&);

const NamedTable<Builder>& builders() {
  static const NamedTable<Builder> table = {
      {"ADRMSELoss", build_adr_mse_loss},
      {"ApproxNDCGLoss", build_approx_ndcg_loss},
      {"BinaryCrossEntropyLoss", build_binary_cross_entropy_loss},
      {"LambdaLoss", build_lambda_loss},
      {"ListMLELoss", build_list_mle_loss},
      {"ListNetLoss", build_list_net_loss},
      {"MSELoss", build_mse_loss},
      {"PListMLELoss", build_plist_mle_loss},
      {"PairwiseHingeLoss", build_pairwise_hinge_loss},
      {"PairwiseLogisticLoss", build_pairwise_logistic_loss},
      {"RankNetLoss", build_rank_net_loss},
  };
  return table;
}

}  // namespace

Loss build_loss(const LossOptions& options) {
  return find_named("loss", options.name, builders())(options);
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const auto& entry : builders()) names.push_back(entry.first);
  return names;
}

}  // namespace lambdaforge::losses
