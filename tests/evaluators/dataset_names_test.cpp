#include "evaluators/dataset_names.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lambdaforge::evaluators {
namespace {

using Names = std::vector<std::string>;

const Names kAvailable = {"NanoNQ", "NanoArguAna", "NanoMSMARCO", "NanoTouche2020", "NanoFiQA2018"};

std::string error_of(const Names& requested, const Names& available) {
  try {
    resolve_dataset_names(requested, available);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(ResolveDatasetNames, TakesThePeersShortNames) {
  EXPECT_EQ(resolve_dataset_names({"msmarco", "FiQA2018", "NanoNQ"}, kAvailable),
            (Names{"NanoMSMARCO", "NanoFiQA2018", "NanoNQ"}));
}

TEST(ResolveDatasetNames, TakesASetsOwnName) {
  EXPECT_EQ(resolve_dataset_names({"verb", "Noun"}, {"noun", "verb"}), (Names{"verb", "noun"}));
  EXPECT_EQ(resolve_dataset_names({"NanoNoun"}, {"noun"}), Names{"noun"});
}

TEST(ResolveDatasetNames, PrefersTheNearestSpelling) {
  const Names available = {"nanonoun", "Noun", "noun"};
  EXPECT_EQ(resolve_dataset_names({"noun"}, available), Names{"noun"});
  EXPECT_EQ(resolve_dataset_names({"NOUN"}, available), Names{"Noun"});
  EXPECT_EQ(resolve_dataset_names({"NANONOUN"}, available), Names{"nanonoun"});
}

TEST(ResolveDatasetNames, NamesEachSetOnce) {
  EXPECT_EQ(resolve_dataset_names({"nq", "NanoNQ"}, kAvailable), Names{"NanoNQ"});
}

TEST(ResolveDatasetNames, LeavesTheArgumentSetsOutByDefault) {
  EXPECT_EQ(resolve_dataset_names({}, kAvailable),
            (Names{"NanoFiQA2018", "NanoMSMARCO", "NanoNQ"}));
  EXPECT_EQ(resolve_dataset_names({"arguana"}, kAvailable), Names{"NanoArguAna"});
}

TEST(ResolveDatasetNames, SuggestsTheNearestName) {
  EXPECT_EQ(error_of({"msmacro"}, {"NanoNQ", "NanoMSMARCO"}),
            "unknown data set 'msmacro'; did you mean 'msmarco'? available: NanoNQ, NanoMSMARCO");
  EXPECT_EQ(error_of({"covid"}, {"NanoMSMARCO"}),
            "unknown data set 'covid'; available: NanoMSMARCO");
  EXPECT_EQ(error_of({"nq"}, {}), "unknown data set 'nq'; available: none");
}

TEST(ResolveDatasetNames, SaysWhyTheDefaultIsEmpty) {
  EXPECT_EQ(error_of({}, {}), "there is no data set to evaluate on");
  EXPECT_NE(error_of({}, {"NanoArguAna"}).find("NanoArguAna must be asked for by name"),
            std::string::npos);
}

}  // namespace
}  // namespace lambdaforge::evaluators
