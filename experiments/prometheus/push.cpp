#include "experiments/prometheus/push.h"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "experiments/http_client.h"
#include "experiments/prometheus/base64.h"

namespace lambdaforge::experiments {
namespace {

constexpr std::chrono::seconds kConnectTimeout{2};
constexpr std::chrono::seconds kTimeout{5};
constexpr size_t kMostOfAnAnswer = 500;  // characters that are told of what the gateway says

// "=" stands for the empty name.
std::string path_part(const std::string& name) {
  return name.empty() ? "=" : base64url(name);
}

}  // namespace

std::string push_path(const PushGroup& group) {
  return fmt::format("/metrics/job/lambdaforge/project@base64/{}/run@base64/{}/instance/rank-{}",
                     path_part(group.project), path_part(group.run), group.rank);
}

void push_metrics(const std::string& gateway, const PushGroup& group, const std::string& text) {
  HttpClient http(gateway, {.connect_timeout = kConnectTimeout, .timeout = kTimeout});
  const HttpResponse response = http.put(push_path(group), text);
  if (response.status / 100 != 2)
    throw std::runtime_error(fmt::format("the Pushgateway at {} answered {} ({})",
                                         without_credentials(gateway), response.status,
                                         response.body.substr(0, kMostOfAnAnswer)));
}

}  // namespace lambdaforge::experiments
