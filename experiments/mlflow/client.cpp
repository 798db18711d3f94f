#include "experiments/mlflow/client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace lambdaforge::experiments::mlflow {
namespace {

using Json = nlohmann::json;

const std::string kApi = "/api/2.0/mlflow/";
const std::string kArtifactApi = "/api/2.0/mlflow-artifacts/artifacts/";
const std::string kArtifactScheme = "mlflow-artifacts:/";  // the server takes uploads itself

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Problem {
  std::string code, message;
};

Problem problem_of(const HttpResponse& response) {
  constexpr size_t kMostOfAPage = 200;
  const Json json = Json::parse(response.body, nullptr, false);
  if (json.is_object())
    return {json.value("error_code", std::string()), json.value("message", std::string())};
  return {"", response.body.substr(0, kMostOfAPage)};
}

bool is_missing(const HttpResponse& response) {
  return response.status == 404 && problem_of(response).code == "RESOURCE_DOES_NOT_EXIST";
}

// A wrong address or password can be put right and then the same request is welcome; only what
// the server has understood and will not have is refused for good.
void check(const std::string& what, const HttpResponse& response) {
  if (response.status >= 200 && response.status < 300) return;
  const auto [code, message] = problem_of(response);
  const std::string text = fmt::format("{}: the server answers {} {}{}{}", what, response.status,
                                       code, code.empty() ? "" : ": ", message);
  if (response.status == 400 || response.status == 413 || response.status == 422 ||
      is_missing(response))
    throw Refused(text);
  throw Busy(text, response.retry_after);
}

Json parse(const std::string& what, const HttpResponse& response) {
  check(what, response);
  Json json = Json::parse(response.body, nullptr, false);
  if (!json.is_object())
    throw std::runtime_error(
        fmt::format("{}: the answer is not MLflow's; is this the address of its server?", what));
  return json;
}

// Fields that are not there are an answer of another kind of server, not a mistake of ours.
template <class Read>
auto read(const std::string& what, const Read& get) try {
  return get();
} catch (const Json::exception& error) {
  throw std::runtime_error(fmt::format("{}: cannot read the answer: {}", what, error.what()));
}

ServerRun run_of(const Json& json) {
  return {json.at("info").at("run_id"), json.at("info").at("artifact_uri")};
}

Json to_json(const std::vector<KeyValue>& pairs) {
  Json list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back({{"key", key}, {"value", value}});
  return list;
}

// "a b/c" -> "a%20b/c"
std::string escape_path(const std::string& path) {
  std::string escaped;
  for (const auto& part : std::filesystem::path(path)) {
    if (!escaped.empty()) escaped += '/';
    escaped += HttpClient::escape(part.string());
  }
  return escaped;
}

}  // namespace

std::string Client::experiment_id(const std::string& name) {
  const std::string what = fmt::format("MLflow experiment '{}'", name);
  const HttpResponse found =
      http_.get(kApi + "experiments/get-by-name?experiment_name=" + HttpClient::escape(name));
  if (!is_missing(found)) {
    const Json json = parse(what, found);
    return read(what, [&] { return json.at("experiment").at("experiment_id").get<std::string>(); });
  }
  const Json json = parse(what, http_.post(kApi + "experiments/create", dump({{"name", name}})));
  return read(what, [&] { return json.at("experiment_id").get<std::string>(); });
}

ServerRun Client::create_run(const std::string& experiment_id, const RunStart& start,
                             const KeyValue& unique_tag) {
  const std::string what = fmt::format("MLflow run '{}'", start.name);
  const std::string filter = fmt::format("tags.`{}` = '{}'", unique_tag.key, unique_tag.value);
  const Json found =
      parse(what, http_.post(kApi + "runs/search", dump({{"experiment_ids", {experiment_id}},
                                                         {"filter", filter},
                                                         {"max_results", 1}})));
  if (const auto runs = found.find("runs"); runs != found.end() && !runs->empty())
    return read(what, [&] { return run_of(runs->at(0)); });
  const Json created =
      parse(what, http_.post(kApi + "runs/create", dump({{"experiment_id", experiment_id},
                                                         {"run_name", start.name},
                                                         {"start_time", start.start_time},
                                                         {"tags", to_json(start.tags)}})));
  return read(what, [&] { return run_of(created.at("run")); });
}

void Client::reopen_run(const std::string& run_id) {
  check("reopening the MLflow run",
        http_.post(kApi + "runs/update", dump({{"run_id", run_id}, {"status", "RUNNING"}})));
}

void Client::end_run(const std::string& run_id, const RunEnd& end) {
  check("ending the MLflow run",
        http_.post(kApi + "runs/update",
                   dump({{"run_id", run_id}, {"status", end.status}, {"end_time", end.end_time}})));
}

void Client::log_batch(const std::string& run_id, const Batch& batch) {
  check("logging to MLflow", http_.post(kApi + "runs/log-batch", log_batch_body(batch, run_id)));
}

void Client::put_artifact(const ServerRun& run, const std::string& path,
                          const std::filesystem::path& file) {
  if (!run.artifact_uri.starts_with(kArtifactScheme) ||
      run.artifact_uri.starts_with(kArtifactScheme + "/"))
    throw Refused(
        fmt::format("{} is not uploaded: the server keeps artifacts at {} and takes none "
                    "itself (mlflow server --serve-artifacts does)",
                    path, run.artifact_uri));
  const std::string folder = run.artifact_uri.substr(kArtifactScheme.size());
  check("uploading " + path, http_.put_file(kArtifactApi + escape_path(folder + "/" + path), file));
}

}  // namespace lambdaforge::experiments::mlflow
