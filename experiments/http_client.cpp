#include "experiments/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

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
  HttpClientOptions options;
  std::atomic<int64_t> sent = 0;
  CURL* handle = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem{};  // libcurl may write to it until the handle is gone

  // No options but the connection, which stays.
  void begin() { curl_easy_reset(handle); }

  void send_text(const std::string& text) {
    set(CURLOPT_POSTFIELDS, text.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
  }

  HttpResponse perform(const std::string& path, std::chrono::seconds timeout,
                       curl_slist* headers = nullptr) {
    const std::string url = base + path;
    HttpResponse response;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_WRITEFUNCTION, &receive);
    set(CURLOPT_WRITEDATA, &response.body);
    set(CURLOPT_NOSIGNAL, 1L);
    problem.front() = 0;
    set(CURLOPT_ERRORBUFFER, problem.data());
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_TIMEOUT, static_cast<long>(timeout.count()));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Curl::progress);
    set(CURLOPT_XFERINFODATA, this);
    authenticate();
    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK)
      throw std::runtime_error(
          fmt::format("no answer from {}: {}", without_credentials(base), reason(code)));
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
    response.status = static_cast<int>(status);
    response.retry_after = std::chrono::seconds(retry_after);
    return response;
  }

  std::string reason(CURLcode code) const {
    if (code == CURLE_ABORTED_BY_CALLBACK) return "the time for it was over";
    const char* general = curl_easy_strerror(code);
    return problem.front() ? fmt::format("{} ({})", general, problem.data()) : general;
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(handle, option, value); code != CURLE_OK)
      throw std::runtime_error(fmt::format("libcurl refuses option {}: {}",
                                           static_cast<int>(option), curl_easy_strerror(code)));
  }

  // In MLflow's order: a name with a password, then a token (mlflow/utils/rest_utils.py).
  void authenticate() {
    const HttpCredentials& credentials = options.credentials;
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
    return curl.options.give_up() ? 1 : 0;
  }
};

HttpClient::HttpClient(std::string base, HttpClientOptions options)
    : curl_(std::make_unique<Curl>()) {
  while (base.ends_with('/')) base.pop_back();
  curl_->base = std::move(base);
  curl_->options = std::move(options);
  static const CURLcode is_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_->handle = is_ready == CURLE_OK ? curl_easy_init() : nullptr;
  if (!curl_->handle) throw std::runtime_error("libcurl does not start");
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(curl_->handle);
}

HttpResponse HttpClient::get(const std::string& path) {
  curl_->begin();
  return curl_->perform(path, curl_->options.timeout);
}

HttpResponse HttpClient::post(const std::string& path, const std::string& json) {
  curl_->begin();
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  curl_->send_text(json);
  return curl_->perform(path, curl_->options.timeout, headers.get());
}

HttpResponse HttpClient::put(const std::string& path, const std::string& text) {
  curl_->begin();
  curl_->send_text(text);
  curl_->set(CURLOPT_CUSTOMREQUEST, "PUT");
  return curl_->perform(path, curl_->options.timeout);
}

HttpResponse HttpClient::put_file(const std::string& path, const std::filesystem::path& file) {
  const File content(std::fopen(file.c_str(), "rb"));
  if (!content) throw std::runtime_error(fmt::format("cannot read {}", file.string()));
  curl_->begin();
  curl_->set(CURLOPT_UPLOAD, 1L);
  curl_->set(CURLOPT_READDATA, content.get());
  curl_->set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(std::filesystem::file_size(file)));
  curl_->set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_->set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(curl_->options.timeout.count()));
  constexpr std::chrono::seconds kAsLongAsItMoves{0};
  return curl_->perform(path, kAsLongAsItMoves);
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

}  // namespace lambdaforge::experiments
