#include "experiments/prometheus/push.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "experiments/prometheus/base64.h"

namespace lambdaforge::experiments {
namespace {

constexpr long kConnectTimeoutMs = 2000;
constexpr long kTimeoutMs = 5000;
constexpr size_t kLongestAnswer = 500;  // characters that are kept of what the gateway says

// "=" stands for the empty name.
std::string path_part(const std::string& name) {
  return name.empty() ? "=" : base64url(name);
}

size_t keep_answer(char* data, size_t, size_t size, void* answer) {
  auto& text = *static_cast<std::string*>(answer);
  text.append(data, std::min(size, kLongestAnswer - std::min(kLongestAnswer, text.size())));
  return size;
}

}  // namespace

std::string push_url(const std::string& gateway, const PushGroup& group) {
  const std::string_view base =
      std::string_view(gateway).substr(0, gateway.find_last_not_of('/') + 1);
  return fmt::format("{}/metrics/job/lambdaforge/project@base64/{}/run@base64/{}/instance/rank-{}",
                     base, path_part(group.project), path_part(group.run), group.rank);
}

void push_metrics(const std::string& gateway, const PushGroup& group, const std::string& text) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (!curl) throw std::runtime_error("curl_easy_init failed");
  const std::string url = push_url(gateway, group);
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> problem{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, text.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, keep_answer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, problem.data());
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);  // time-outs without signals: threads
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK)
    throw std::runtime_error(
        fmt::format("cannot push metrics to {}: {}", gateway,
                    *problem.data() ? problem.data() : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 != 2)
    throw std::runtime_error(
        fmt::format("the Pushgateway at {} answered {} ({})", gateway, status, answer));
}

}  // namespace lambdaforge::experiments
