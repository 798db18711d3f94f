#include "experiments/mlflow/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

namespace lambdaforge::experiments::mlflow {
namespace {

constexpr long kConnectTimeout = 5;  // seconds
constexpr long kTimeout = 20;        // seconds, of a request that is no upload
constexpr long kStalled = 20;        // seconds without a byte, of an upload
constexpr size_t kMostBody = 16 << 20;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

size_t receive(char* data, size_t, size_t size, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size > kMostBody) return 0;  // ends the request
  text.append(data, size);
  return size;
}

size_t authority_end(const std::string& uri, size_t begin) {
  return std::min(uri.find_first_of("/?#", begin), uri.size());
}

}  // namespace

std::string without_credentials(const std::string& uri) {
  const size_t scheme = uri.find("://");
  if (scheme == uri.npos) return uri;
  const size_t begin = scheme + 3;
  const size_t at = uri.substr(0, authority_end(uri, begin)).rfind('@');
  return at == uri.npos || at < begin ? uri : uri.substr(0, begin) + uri.substr(at + 1);
}

struct HttpClient::Curl {
  std::string base;
  Credentials credentials;
  std::function<bool()> give_up;
  std::atomic<int64_t> sent = 0;
  CURL* handle = nullptr;

  Response perform(const std::string& path, long timeout, curl_slist* headers) {
    const std::string url = base + path;
    Response response;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_WRITEFUNCTION, &receive);
    set(CURLOPT_WRITEDATA, &response.body);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, kConnectTimeout);
    set(CURLOPT_TIMEOUT, timeout);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Curl::progress);
    set(CURLOPT_XFERINFODATA, this);
    authenticate();
    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK)
      throw std::runtime_error(fmt::format("no answer from {}: {}", without_credentials(base),
                                           code == CURLE_ABORTED_BY_CALLBACK
                                               ? "the time for it was over"
                                               : curl_easy_strerror(code)));
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
    response.status = static_cast<int>(status);
    response.retry_after = std::chrono::seconds(retry_after);
    return response;
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(handle, option, value); code != CURLE_OK)
      throw std::runtime_error(fmt::format("libcurl refuses option {}: {}",
                                           static_cast<int>(option), curl_easy_strerror(code)));
  }

  // In MLflow's order: a name with a password, then a token (mlflow/utils/rest_utils.py).
  void authenticate() {
    if (!credentials.username.empty() && !credentials.password.empty()) {
      set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      set(CURLOPT_USERNAME, credentials.username.c_str());
      set(CURLOPT_PASSWORD, credentials.password.c_str());
    } else if (!credentials.token.empty()) {
      set(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
      set(CURLOPT_XOAUTH2_BEARER, credentials.token.c_str());
    }
    if (credentials.insecure_tls) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (!credentials.server_certificate.empty()) {
      set(CURLOPT_CAINFO, credentials.server_certificate.c_str());
    }
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    auto& curl = *static_cast<Curl*>(self);
    curl.sent = sent;
    return curl.give_up() ? 1 : 0;
  }
};

HttpClient::HttpClient(std::string base, Credentials credentials, std::function<bool()> give_up)
    : curl_(std::make_unique<Curl>()) {
  while (base.ends_with('/')) base.pop_back();
  curl_->base = std::move(base);
  curl_->credentials = std::move(credentials);
  curl_->give_up = std::move(give_up);
  static const CURLcode is_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_->handle = is_ready == CURLE_OK ? curl_easy_init() : nullptr;
  if (!curl_->handle) throw std::runtime_error("libcurl does not start");
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(curl_->handle);
}

Response HttpClient::get(const std::string& path) {
  curl_easy_reset(curl_->handle);  // options only; the connection stays
  return curl_->perform(path, kTimeout, nullptr);
}

Response HttpClient::post(const std::string& path, const std::string& json) {
  curl_easy_reset(curl_->handle);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  curl_->set(CURLOPT_POSTFIELDS, json.data());
  curl_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
  return curl_->perform(path, kTimeout, headers.get());
}

Response HttpClient::put(const std::string& path, const std::filesystem::path& file) {
  const File content(std::fopen(file.c_str(), "rb"));
  if (!content) throw std::runtime_error(fmt::format("cannot read {}", file.string()));
  curl_easy_reset(curl_->handle);
  curl_->set(CURLOPT_UPLOAD, 1L);
  curl_->set(CURLOPT_READDATA, content.get());
  curl_->set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(std::filesystem::file_size(file)));
  curl_->set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_->set(CURLOPT_LOW_SPEED_TIME, kStalled);
  return curl_->perform(path, 0, nullptr);
}

int64_t HttpClient::sent_bytes() const {
  return curl_->sent;
}

std::string HttpClient::escape(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  const std::string result = escaped ? escaped : "";
  curl_free(escaped);
  return result;
}

}  // namespace lambdaforge::experiments::mlflow
