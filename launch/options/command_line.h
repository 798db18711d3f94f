// What the options of all commands are made of; only the files of this folder include it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

#include "launch/options.h"

namespace lambdaforge::launch {

inline constexpr const char* kTrainSummary = "Train a reranker as a recipe says";
inline constexpr const char* kEvaluateSummary = "Measure a model on data sets or labelled pairs";
inline constexpr const char* kCompareSummary = "Test whether two evaluations really differ";
inline constexpr const char* kEnergySummary = "Run any command and measure its energy";
inline constexpr const char* kPredictSummary =
    "Score pairs of texts, or rank documents for a query";
inline constexpr const char* kCardSummary = "Write the model cards of a run again";
inline constexpr const char* kPrepareSummary = "Turn data into what training reads";
inline constexpr const char* kRunsSummary = "List, show, compare, export and remove runs";
inline constexpr const char* kReportSummary = "Write a page with the curves of one run or several";
inline constexpr const char* kSyncSummary = "Send an MLflow server what a run could not tell it";

CLI::Validator at_least(int64_t minimum);
CLI::Validator at_least_one();
CLI::Validator between_zero_and_one();

// --max-length and --batch-tokens.
void add_length_and_batch(CLI::App& app, std::optional<int64_t>& max_length, int64_t& batch_tokens);

// Throws Answer for --help, and for what cannot be understood, with the nearest known word.
void parse(CLI::App& app, const Arguments& arguments);

}  // namespace lambdaforge::launch
