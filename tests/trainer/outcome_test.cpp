#include <gtest/gtest.h>

#include <filesystem>
#include <system_error>

#include "trainer/recipe_files.h"
#include "trainer/run_journal.h"

namespace lambdaforge::trainer {
namespace {

using experiments::Outcome;

TEST(Outcome, IsTheRecipesFaultOrTheMachines) {
  EXPECT_EQ(outcome_of(std::invalid_argument("unknown loss")), Outcome::kInvalid);
  EXPECT_EQ(outcome_of(Diverged(3, 0.5, 1)), Outcome::kDiverged);
  EXPECT_EQ(outcome_of(std::runtime_error("no space left")), Outcome::kFailed);
  EXPECT_EQ(outcome_of(std::bad_alloc()), Outcome::kFailed);
  EXPECT_EQ(outcome_of(std::filesystem::filesystem_error(
                "rename", std::make_error_code(std::errc::read_only_file_system))),
            Outcome::kFailed);
}

TEST(CheckFiles, NamesTheKeyOfWhatIsMissing) {
  Config config;
  config.model.path = testing::TempDir();
  config.data.train = "/no/such/lists.jsonl";
  try {
    check_files(config);
    FAIL() << "a missing file is passed over";
  } catch (const std::invalid_argument& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("data.train = '/no/such/lists.jsonl'"))
        << error.what();
  }
  config.data.train = testing::TempDir();
  EXPECT_NO_THROW(check_files(config));
}

}  // namespace
}  // namespace lambdaforge::trainer
