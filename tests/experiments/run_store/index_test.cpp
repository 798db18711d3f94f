#include "experiments/run_store/index.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "experiments/run_store/query.h"
#include "experiments/run_store/run_file.h"
#include "experiments/run_store/writer_process.h"

namespace lambdaforge::experiments {
namespace {

namespace fs = std::filesystem;

class IndexTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path add(const std::string& path, double learning_rate, double best) {
    RunRecord run;
    run.head.project = fs::path(path).parent_path().string();
    run.head.name = fs::path(path).filename().string();
    run.head.parameters = {{"training.learning_rate", learning_rate},
                           {"loss.name", std::string("LambdaLoss")},
                           {"training.seed", int64_t{12}}};
    run.rows.add_log(kStartKind, 0, 1, "");
    run.rows.starts.emplace_back();
    run.rows.add_scalar("eval_ndcg@10", 10, 1, best);
    run.rows.evaluations.push_back({10, 1, 1, 1, 0, best});
    run.rows.add_log(kFinishedKind, 10, 2, "");
    run.rows.heartbeat = {2, 10};
    fs::create_directories(folder_ / path);
    RunWriter(folder_ / path / "run.h5", run).close();
    age(folder_ / path / "run.h5");
    return folder_ / path / "run.h5";
  }
  // The index trusts no file that has just been changed.
  static void age(const fs::path& file) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(1));
  }
  static std::vector<std::string> paths(const std::vector<RunSummary>& runs) {
    std::vector<std::string> paths;
    for (const RunSummary& run : runs) paths.push_back(run.path);
    return paths;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "lambdaforge_index_test";
  const fs::path index_ = folder_ / ".lambdaforge-runs";
};

TEST_F(IndexTest, SaysTheSameWithAndWithoutTheIndex) {
  add("a/one", 1e-5, 0.5);
  add("b/two", 2e-5, 0.75);
  const auto first = list_runs(folder_);
  ASSERT_TRUE(fs::exists(index_));
  for (const auto& runs : {first, list_runs(folder_)}) {
    EXPECT_EQ(paths(runs), (std::vector<std::string>{"a/one", "b/two"}));
    EXPECT_EQ(runs[1].parameters[0].second, ParameterValue(2e-5));
    EXPECT_EQ(runs[1].parameters[2].second, ParameterValue(int64_t{12}));
    EXPECT_EQ(runs[1].metrics, (Metrics{{"eval_ndcg@10", 0.75}}));
    EXPECT_EQ(runs[1].best->metric, "eval_ndcg@10");
    EXPECT_EQ(runs[1].heartbeat.step, 10);
    EXPECT_EQ(status_name(runs[1]), "finished");
  }
}

TEST_F(IndexTest, ReadsOnlyWhatChanged) {
  const fs::path file = add("a/one", 1e-5, 0.5);
  list_runs(folder_);
  // The same time and size: it is not looked at, so that this damage goes unseen.
  const auto time = fs::last_write_time(file);
  write_file_atomically(file, std::string(fs::file_size(file), 'x'));
  fs::last_write_time(file, time);
  EXPECT_EQ(status_name(list_runs(folder_)[0]), "finished");
  age(file);
  EXPECT_EQ(status_name(list_runs(folder_)[0]), "corrupt");
}

TEST_F(IndexTest, ForgetsRemovedRunsAndFindsNewOnes) {
  add("a/one", 1e-5, 0.5);
  list_runs(folder_);
  fs::remove_all(folder_ / "a");
  add("a/two", 1e-5, 0.5);
  EXPECT_EQ(paths(list_runs(folder_)), std::vector<std::string>{"a/two"});
}

TEST_F(IndexTest, ADamagedIndexCostsTimeOnly) {
  add("a/one", 1e-5, 0.5);
  list_runs(folder_);
  std::string content = read_file(index_);
  for (const std::string& damaged :
       {std::string(), content.substr(0, content.size() / 2), "x" + content, [&] {
          content[content.size() - 3] ^= 1;
          return content;
        }()}) {
    write_file_atomically(index_, damaged);
    EXPECT_EQ(list_runs(folder_)[0].metrics, (Metrics{{"eval_ndcg@10", 0.5}}));
  }
  fs::remove(index_);
  fs::create_directories(index_);  // cannot be written
  EXPECT_EQ(list_runs(folder_).size(), 1u);
}

TEST_F(IndexTest, ListsTheOthersBesideADamagedFile) {
  const fs::path file = add("a/damaged", 1e-5, 0.5);
  add("a/good", 1e-5, 0.5);
  fs::resize_file(file, fs::file_size(file) / 2);
  const auto runs = list_runs(folder_);
  EXPECT_EQ(status_name(runs[0]), "corrupt");
  EXPECT_NE(runs[0].damage.find("a/damaged/run.h5"), std::string::npos);
  EXPECT_EQ(status_name(runs[1]), "finished");
}

TEST_F(IndexTest, SurvivesDamageAnywhereInAFile) {
  const fs::path file = add("a/one", 1e-5, 0.5);
  const std::string intact = read_file(file);
  for (size_t place = 0; place < intact.size(); place += intact.size() / 97) {
    std::string damaged = intact;
    for (size_t i = place; i < std::min(place + 64, damaged.size()); ++i) damaged[i] ^= 0x55;
    write_file_atomically(file, damaged);
    summarize_file(file);  // either way: it says so or the damage meets unused bytes
  }
  write_file_atomically(file, intact);
  EXPECT_TRUE(summarize_file(file).damage.empty());
}

TEST_F(IndexTest, FiltersAndSorts) {
  add("a/one", 1e-5, 0.5);
  add("a/two", 2e-5, 0.75);
  add("a/three", 4e-5, 0.25);
  const auto chosen = [&](const std::vector<std::string>& where, const std::string& order) {
    std::vector<Condition> conditions;
    for (const std::string& text : where) conditions.push_back(parse_condition(text));
    auto runs = list_runs(folder_);
    filter(runs, conditions);
    sort(runs, order);
    return paths(runs);
  };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(chosen({}, "best"), (Paths{"a/two", "a/one", "a/three"}));
  EXPECT_EQ(chosen({}, "-best"), (Paths{"a/three", "a/one", "a/two"}));
  EXPECT_EQ(chosen({"training.learning_rate < 3e-5"}, "-name"), (Paths{"a/two", "a/one"}));
  EXPECT_EQ(chosen({"training.learning_rate>=2e-5", "eval_ndcg@10 != 0.75"}, "name"),
            Paths{"a/three"});
  EXPECT_EQ(chosen({"loss.name = 'LambdaLoss'", "name == two"}, "path"), Paths{"a/two"});
  EXPECT_EQ(chosen({"status = failed"}, "path"), Paths{});
}

TEST_F(IndexTest, ExplainsConditions) {
  add("a/one", 1e-5, 0.5);
  const auto complaint = [&](const std::string& where) -> std::string {
    try {
      auto runs = list_runs(folder_);
      filter(runs, {parse_condition(where)});
      return "";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  EXPECT_NE(complaint("training.learning_rat < 1").find("did you mean 'training.learning_rate'"),
            std::string::npos);
  EXPECT_NE(complaint("best").find("is no condition"), std::string::npos);
  EXPECT_NE(complaint("best < high").find("'high' is none"), std::string::npos);
  EXPECT_NE(complaint("name < a").find("by = or !="), std::string::npos);
}

TEST(IsAlive, KnowsADeadProcessAtOnce) {
  StartRow writer;
  describe_this_process(writer);
  const Heartbeat old{1, 1};
  EXPECT_TRUE(is_alive(writer, old));

  const pid_t child = fork();
  if (child == 0) pause();
  StartRow other = writer;
  other.process_id = child;
  EXPECT_FALSE(is_alive(other, old));  // it lives, but is another process than that which wrote
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  other.process_start = writer.process_start;
  EXPECT_FALSE(is_alive(other, old));
}

TEST(IsAlive, AsksTheHeartbeatAboutOtherMachines) {
  StartRow writer;
  writer.machine = FixedText<128>("elsewhere");
  writer.process_id = 1;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_TRUE(is_alive(writer, {now, 1}));
  EXPECT_FALSE(is_alive(writer, {now - 600, 1}));
}

}  // namespace
}  // namespace lambdaforge::experiments
