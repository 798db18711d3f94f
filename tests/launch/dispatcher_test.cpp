// The program `lambdaforge` from outside, in a folder with a stand-in for lambdaforge-predict.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace lambdaforge::launch {
namespace {

struct Outcome {
  int exit_code;
  std::string output;  // standard output and standard error
};

class DispatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::filesystem::copy(LAMBDAFORGE_PROGRAM, folder_ / "lambdaforge");
    const auto stand_in = folder_ / "lambdaforge-predict";
    std::ofstream(stand_in) << "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 7\n";
    std::filesystem::permissions(stand_in, std::filesystem::perms::owner_all);
  }

  Outcome run(const std::string& arguments) const {
    const std::string command = (folder_ / "lambdaforge").string() + " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    Outcome outcome{};
    std::array<char, 4096> buffer;
    while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe))
      outcome.output.append(buffer.data(), count);
    outcome.exit_code = WEXITSTATUS(pclose(pipe));
    return outcome;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / "lambdaforge_dispatcher_test";
};

TEST_F(DispatcherTest, BecomesTheProgramBesideIt) {
  const Outcome outcome = run("predict model --query 'two words' --documents d.txt");
  EXPECT_EQ(outcome.output, "<model><--query><two words><--documents><d.txt>");
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(DispatcherTest, AnswersSlipsItself) {
  const Outcome outcome = run("predict model --batch-token 3");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.output.find("did you mean '--batch-tokens'?"), std::string::npos);
}

TEST_F(DispatcherTest, NamesTheNearestCommand) {
  const Outcome outcome = run("trian recipe.toml");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.output,
            "lambdaforge: unknown command 'trian'; did you mean 'train'? "
            "known: train, evaluate, compare, predict, prepare, runs, report, sweep, card, energy, "
            "sync\n");
}

TEST_F(DispatcherTest, ListsItsCommands) {
  for (const char* arguments : {"--help", "-h", ""}) {
    const Outcome outcome = run(arguments);
    EXPECT_NE(outcome.output.find("  evaluate  "), std::string::npos);
    EXPECT_EQ(outcome.exit_code, *arguments ? 0 : 2);
  }
}

TEST_F(DispatcherTest, NamesTheVersionOfEveryLibrary) {
  const Outcome outcome = run("--version");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output.rfind("lambdaforge ", 0), 0u);
  for (const char* library :
       {"libtorch", "NCCL", "Open MPI", "Arrow", "HDF5", "ICU", "toml++", "CLI11", "fmt",
        "nlohmann-json", "prometheus-cpp", "ISA-L", "libcurl", "protobuf"}) {
    const size_t at = outcome.output.find("  " + std::string(library) + " ");
    ASSERT_NE(at, std::string::npos) << library;
    EXPECT_TRUE(std::isdigit(outcome.output[at + 3 + std::string(library).size()])) << library;
  }
}

TEST_F(DispatcherTest, SaysWhichProgramIsMissing) {
  const Outcome outcome = run("evaluate model --nano data");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("lambdaforge-evaluate: No such file"), std::string::npos);
}

TEST_F(DispatcherTest, ChecksTheRecipeItself) {
  std::ofstream(folder_ / "bad.toml") << "[training]\nlearning_rat = 1\n";
  const Outcome outcome = run("train " + (folder_ / "bad.toml").string());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.output.find("bad.toml:2: training.learning_rat: "), std::string::npos);
}

TEST_F(DispatcherTest, LeavesARecipeForJsonToWhoWritesJson) {
  std::ofstream(folder_ / "bad.toml") << "[training]\nlearning_rat = 1\n";
  const Outcome outcome = run("train --json " + (folder_ / "bad.toml").string());
  EXPECT_NE(outcome.output.find("lambdaforge-train: No such file"), std::string::npos);
}

TEST_F(DispatcherTest, LoadsNoLibtorch) {
  const Outcome outcome = run("--version; ldd " + (folder_ / "lambdaforge").string());
  EXPECT_EQ(outcome.output.find("libtorch_cpu.so"), std::string::npos);
}

}  // namespace
}  // namespace lambdaforge::launch
