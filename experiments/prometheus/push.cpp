#include "experiments/prometheus/push.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace lambdaforge::experiments {
namespace {

constexpr long kConnectTimeoutMs = 2000;
constexpr long kTimeoutMs = 5000;
constexpr size_t kLongestAnswer = 500;  // characters that are kept of what the gateway says

// RFC 4648, section 5, without padding; "=" stands for the empty string, as the gateway wants it.
std::string base64url(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (text.empty()) return "=";
  std::string encoded;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffff;
    for (num_bits += 8; num_bits >= 6;) encoded += kAlphabet[bits >> (num_bits -= 6) & 63];
  }
  if (num_bits > 0) encoded += kAlphabet[bits << (6 - num_bits) & 63];
  return encoded;
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
                     base, base64url(group.project), base64url(group.run), group.rank);
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
