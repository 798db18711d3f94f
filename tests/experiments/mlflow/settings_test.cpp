#include "experiments/mlflow/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace lambdaforge::experiments::mlflow {
namespace {

class MlflowSettings : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }

  static void clear() {
    for (const char* name : {"MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME",
                             "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_INSECURE_TLS"})
      unsetenv(name);
  }

  static std::string complaint(const std::string& uri) {
    TrackingOptions options;
    options.mlflow_tracking_uri = uri;
    try {
      settings_of(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  }
};

TEST_F(MlflowSettings, TakesTheEnvironmentWhereTheRecipeIsSilent) {
  setenv("MLFLOW_TRACKING_URI", "http://from-environment", 1);
  setenv("MLFLOW_EXPERIMENT_NAME", "of-environment", 1);
  setenv("MLFLOW_TRACKING_USERNAME", "ada", 1);
  setenv("MLFLOW_TRACKING_INSECURE_TLS", "true", 1);
  TrackingOptions options;
  Settings settings = settings_of(options);
  EXPECT_EQ(settings.tracking_uri, "http://from-environment");
  EXPECT_EQ(settings.experiment, "of-environment");
  EXPECT_EQ(settings.credentials.username, "ada");
  EXPECT_TRUE(settings.credentials.insecure_tls);
  options.mlflow_tracking_uri = "https://from-recipe";
  options.mlflow_experiment = "of-recipe";
  settings = settings_of(options);
  EXPECT_EQ(settings.tracking_uri, "https://from-recipe");
  EXPECT_EQ(settings.experiment, "of-recipe");
}

TEST_F(MlflowSettings, SaysWhatToSet) {
  EXPECT_NE(complaint("").find("set tracking.mlflow_tracking_uri or MLFLOW_TRACKING_URI"),
            std::string::npos);
  EXPECT_NE(complaint("sqlite:///mlflow.db").find("expected http://"), std::string::npos);
}

TEST_F(MlflowSettings, KeepsPasswordsOutOfRecipesAndMessages) {
  const std::string text = complaint("https://ada:secret@host:5000");
  EXPECT_NE(text.find("MLFLOW_TRACKING_PASSWORD"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(without_credentials("https://ada:se@cret@host:5000/a@b"), "https://host:5000/a@b");
  EXPECT_EQ(without_credentials("http://host/a@b"), "http://host/a@b");
}

}  // namespace
}  // namespace lambdaforge::experiments::mlflow
