#include "experiments/prometheus/exporter.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "base/stopwatch.h"
#include "experiments/prometheus/run_metrics.h"

namespace lambdaforge::experiments {
namespace {

size_t append(char* data, size_t, size_t size, void* text) {
  static_cast<std::string*>(text)->append(data, size);
  return size;
}

struct Answer {
  long status = 0;
  std::string text;
};

Answer get(int port, const std::string& path, const std::string& user_and_password = "") {
  Answer answer;
  CURL* curl = curl_easy_init();
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + path;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.text);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
  if (!user_and_password.empty())
    curl_easy_setopt(curl, CURLOPT_USERPWD, user_and_password.c_str());
  curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_cleanup(curl);
  return answer;
}

class ExporterTest : public testing::Test {
 protected:
  static RunStarted run() {
    RunStarted run;
    run.ranks = {{}};
    return run;
  }

  RunMetrics metrics_{run(), {0}};
};

TEST_F(ExporterTest, ServesMetricsAndNothingElse) {
  const Exporter exporter({}, [this] { return metrics_.text(); });
  const Answer metrics = get(exporter.port(), "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.text.find("lambdaforge_world_size"), std::string::npos);
  EXPECT_EQ(get(exporter.port(), "/").status, 404);
  EXPECT_EQ(get(exporter.port(), "/etc/passwd").status, 404);
}

TEST_F(ExporterTest, AnswersForItsOwnRunOnly) {
  const Exporter exporter({.run = "p/a b/0"}, [this] { return metrics_.text(); });
  EXPECT_EQ(get(exporter.port(), "/metrics").status, 200);
  EXPECT_EQ(get(exporter.port(), "/metrics?run=p%2Fa+b%2F0").status, 200);
  const Answer refused = get(exporter.port(), "/metrics?run=p%2Fa+b%2F1");
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.text.find("lambdaforge_"), std::string::npos);
}

TEST_F(ExporterTest, TakesTheNextPortThatIsFree) {
  const Exporter first({}, [this] { return metrics_.text(); });
  const Exporter second({.port = first.port()}, [this] { return metrics_.text(); });
  EXPECT_GT(second.port(), first.port());
  EXPECT_LT(second.port(), first.port() + Exporter::kPortRange);
}

TEST_F(ExporterTest, AnAddressOfAnotherHostIsTold) {
  try {
    const Exporter exporter({.address = "192.0.2.1"},
                            [this] { return metrics_.text(); });  // RFC 5737
    FAIL() << "192.0.2.1 is nobody's address";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("192.0.2.1"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("assign"), std::string::npos) << error.what();
  }
}

TEST_F(ExporterTest, AsksForThePassword) {
  const Exporter exporter({.user = "prometheus", .password = "secret"},
                          [this] { return metrics_.text(); });
  const Answer refused = get(exporter.port(), "/metrics");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.text.find("lambdaforge_"), std::string::npos);
  EXPECT_EQ(get(exporter.port(), "/metrics", "prometheus:secreT").status, 401);
  EXPECT_EQ(get(exporter.port(), "/metrics", "prometheus:secret2").status, 401);
  EXPECT_EQ(get(exporter.port(), "/metrics", "grafana:secret").status, 401);
  EXPECT_EQ(get(exporter.port(), "/metrics", "prometheus:secret").status, 200);
}

TEST_F(ExporterTest, WaitsForNobodyWhereNobodyCame) {
  Exporter exporter({}, [this] { return metrics_.text(); });
  const Stopwatch stopwatch;
  exporter.wait_for_scrape(std::chrono::seconds(60));
  EXPECT_LT(stopwatch.seconds(), 30);
}

TEST_F(ExporterTest, WaitsForOneThatCameBeforeAndNoLongerThanItIsTold) {
  auto exporter = std::make_unique<Exporter>(ExporterOptions{}, [this] { return metrics_.text(); });
  const int port = exporter->port();
  get(port, "/metrics");
  const Stopwatch nobody_comes;
  exporter->wait_for_scrape(std::chrono::seconds(2));
  EXPECT_GT(nobody_comes.seconds(), 1);
  EXPECT_LT(nobody_comes.seconds(), 30);

  get(port, "/metrics");  // some two seconds after the first: it comes every two
  Answer last;
  std::thread client([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    last = get(port, "/metrics");
  });
  exporter->wait_for_scrape(std::chrono::seconds(60));
  exporter.reset();  // the answer is on its way by now
  client.join();
  EXPECT_EQ(last.status, 200);
}

}  // namespace
}  // namespace lambdaforge::experiments
