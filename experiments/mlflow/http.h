// Requests to one HTTP server, over libcurl.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace lambdaforge::experiments::mlflow {

// Who asks: what MLflow's own client takes from the environment.
struct Credentials {
  std::string username, password;  // MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD
  std::string token;               // MLFLOW_TRACKING_TOKEN; used without a name and password
  bool insecure_tls = false;       // MLFLOW_TRACKING_INSECURE_TLS
  std::string server_certificate;  // MLFLOW_TRACKING_SERVER_CERT_PATH
};

struct Response {
  int status = 0;  // of HTTP
  std::string body;
  std::chrono::seconds retry_after{0};  // as the server asks; 0: it does not
};

class HttpClient {
 public:
  // `base` is http(s)://host:port/path; names and passwords in it are used and never repeated in a
  // message. A request ends early once `give_up` says so; it is asked about once a second.
  HttpClient(std::string base, Credentials credentials, std::function<bool()> give_up);
  ~HttpClient();

  // The answer, whatever its status. Throws std::runtime_error when none comes: no connection, a
  // broken one, or nothing for `kTimeout`.
  Response get(const std::string& path);
  Response post(const std::string& path, const std::string& json);
  // Sends a file. Throws also when it cannot be read.
  Response put(const std::string& path, const std::filesystem::path& file);

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

}  // namespace lambdaforge::experiments::mlflow
