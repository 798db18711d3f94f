// Requests to one HTTP server, over libcurl.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace lambdaforge::experiments {

// Who asks.
struct HttpCredentials {
  std::string username, password;
  std::string token;               // used without a name and password
  bool insecure_tls = false;       // believe any server
  std::string server_certificate;  // a file; empty: those that the system knows
};

struct HttpClientOptions {
  HttpCredentials credentials;
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds timeout{20};  // of a request; of a file, without a byte that moves
  // A request ends early once it says so; it is asked about once a second.
  std::function<bool()> give_up = [] { return false; };
};

struct HttpResponse {
  int status = 0;  // of HTTP
  std::string body;
  std::chrono::seconds retry_after{0};  // as the server asks; 0: it does not
};

class HttpClient {
 public:
  // `base` is http(s)://host:port/path; names and passwords in it are used and never repeated in a
  // message.
  HttpClient(std::string base, HttpClientOptions options);
  ~HttpClient();

  // The answer, whatever its status. Throws std::runtime_error that names the server when none
  // comes: no connection, a broken one, or the time is over.
  HttpResponse get(const std::string& path);
  HttpResponse post(const std::string& path, const std::string& json);
  HttpResponse put(const std::string& path, const std::string& text);
  // Throws also when the file cannot be read.
  HttpResponse put_file(const std::string& path, const std::filesystem::path& file);

  // Bytes that were sent in the request so far; any thread may ask.
  int64_t sent_bytes() const;

  // `text` as a part of a path or query.
  static std::string escape(const std::string& text);

 private:
  struct Curl;
  std::unique_ptr<Curl> curl_;
};

// "http://name:password@host/" -> "http://host/"
std::string without_credentials(const std::string& uri);

}  // namespace lambdaforge::experiments
