#include "experiments/tracker.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <stdexcept>

namespace lambdaforge::experiments {
namespace {

// Writes down the steps and notices that it gets.
class Recorder : public Sink {
 public:
  struct Seen {
    std::vector<int64_t> steps;
    std::vector<std::string> notices;
  };
  explicit Recorder(Seen& seen) : seen_(seen) {}
  std::string name() const override { return "recorder"; }
  void handle(const Event& event) override {
    if (const auto* step = std::get_if<StepFinished>(&event.what))
      seen_.steps.push_back(step->step);
    if (const auto* notice = std::get_if<Notice>(&event.what))
      seen_.notices.push_back(notice->text);
  }

 private:
  Seen& seen_;
};

// Calls a function for every event.
class Caller : public Sink {
 public:
  explicit Caller(std::function<void(const Event&)> call) : call_(std::move(call)) {}
  std::string name() const override { return "caller"; }
  void handle(const Event& event) override { call_(event); }

 private:
  std::function<void(const Event&)> call_;
};

template <class... Sinks>
std::vector<std::unique_ptr<Sink>> list(Sinks... sinks) {
  std::vector<std::unique_ptr<Sink>> all;
  (all.push_back(std::make_unique<Sinks>(std::move(sinks))), ...);
  return all;
}

StepFinished step(int64_t number) {
  StepFinished what;
  what.step = number;
  return what;
}

TEST(Tracker, HandsEveryEventToEverySinkInOrder) {
  Recorder::Seen first, second;
  {
    Tracker tracker(list(Recorder(first), Recorder(second)));
    for (int64_t i = 1; i <= 1000; ++i) tracker.emit(step(i));
  }  // the destructor flushes
  ASSERT_EQ(first.steps.size(), 1000u);
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(first.steps[i], i + 1);
  EXPECT_EQ(first.steps, second.steps);
}

TEST(Tracker, WaitsForASlowSinkAtItsEnd) {
  int handled = 0;
  {
    Tracker tracker(list(Caller([&](const Event&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++handled;
    })));
    for (int i = 0; i < 10; ++i) tracker.emit(Notice{"slow"});
  }
  EXPECT_EQ(handled, 10);
}

TEST(Tracker, NeedsNoSink) {
  Tracker tracker({});
  tracker.emit(Notice{"nobody listens"});
}

TEST(Tracker, ASinkThatHangsHoldsUpNeitherTrainingNorTheOthers) {
  constexpr size_t kCapacity = 10;
  std::promise<void> hanging, release, others_are_done;
  Recorder::Seen seen;
  const auto hang_at_first = [&, recorder = Recorder(seen),
                              first = true](const Event& event) mutable {
    if (std::exchange(first, false)) {
      hanging.set_value();
      release.get_future().wait();
    }
    recorder.handle(event);
  };
  const auto watch = [&](const Event& event) {
    const auto* notice = std::get_if<Notice>(&event.what);
    if (notice && notice->text == "last") others_are_done.set_value();
  };
  {
    Tracker tracker(list(Caller(hang_at_first), Caller(watch)), {.capacity = kCapacity});
    tracker.emit(Notice{"first"});
    hanging.get_future().wait();
    for (int64_t i = 1; i <= 1000; ++i) tracker.emit(step(i));
    tracker.emit(Notice{"last"});
    others_are_done.get_future().wait();  // reached although the first sink still hangs
    release.set_value();
  }
  // `capacity` steps waited; notices are never left out, and one more tells of the other steps.
  EXPECT_EQ(seen.steps.size(), kCapacity);
  EXPECT_EQ(seen.notices,
            (std::vector<std::string>{"first", "last",
                                      "990 steps were not tracked by caller, which is too slow"}));
}

// Counts calls to tick() and finish().
class Clockwork : public Sink {
 public:
  Clockwork(std::atomic<int>& ticks, std::atomic<int>& ends) : ticks_(ticks), ends_(ends) {}
  std::string name() const override { return "clockwork"; }
  void handle(const Event&) override {}
  void tick() override { ++ticks_; }
  void finish() override { ++ends_; }

 private:
  std::atomic<int>& ticks_;
  std::atomic<int>& ends_;
};

TEST(Tracker, TicksWithoutEventsAndFinishesOnce) {
  std::atomic<int> ticks = 0, ends = 0;
  {
    Tracker tracker(list(Clockwork(ticks, ends)));
    while (ticks < 1) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(ends, 0);
  }
  EXPECT_EQ(ends, 1);
}

TEST(Tracker, ReportsAFailingSinkOnceAndThenDropsIt) {
  int calls = 0;
  Recorder::Seen seen;
  std::vector<std::string> problems;
  {
    Tracker tracker(list(Recorder(seen), Caller([&](const Event&) {
                           ++calls;
                           throw std::runtime_error("disk full");
                         })),
                    {.failures_until_dropped = 3,
                     .on_problem = [&](const std::string& text) { problems.push_back(text); }});
    for (int64_t i = 1; i <= 10; ++i) tracker.emit(step(i));
  }
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(seen.steps.size(), 10u);
  const std::vector<std::string> expected = {
      "caller failed and will be tried again: disk full",
      "caller is switched off after 3 failures in a row: disk full"};
  EXPECT_EQ(seen.notices, expected);
  EXPECT_EQ(problems, expected);
}

// What is told of a sink that fails at every other of ten steps.
std::vector<std::string> problems_of_a_sink_that_recovers(std::chrono::seconds between_reports) {
  int calls = 0;
  std::vector<std::string> problems;
  {
    Tracker tracker(list(Caller([&](const Event&) {
                      if (++calls % 2 == 1) throw std::runtime_error("busy");
                    })),
                    {.failures_until_dropped = 2,
                     .between_reports = between_reports,
                     .on_problem = [&](const std::string& text) { problems.push_back(text); }});
    for (int64_t i = 1; i <= 10; ++i) tracker.emit(step(i));
  }
  EXPECT_EQ(calls, 10);
  return problems;
}

TEST(Tracker, ForgivesASinkThatRecovers) {
  EXPECT_EQ(problems_of_a_sink_that_recovers(std::chrono::hours(1)),
            (std::vector<std::string>{"caller failed and will be tried again: busy"}));
}

TEST(Tracker, TellsOfALaterFailureToo) {
  const std::string again = "caller failed again and will be tried again: busy";
  EXPECT_EQ(problems_of_a_sink_that_recovers(std::chrono::seconds(0)),
            (std::vector<std::string>{"caller failed and will be tried again: busy", again, again,
                                      again, again}));
}

TEST(Tracker, NamesTheThreadOfEachSink) {
  std::array<char, 16> name{};
  const auto read_name = [&](const Event&) {
    pthread_getname_np(pthread_self(), name.data(), name.size());
  };
  {
    Tracker tracker(list(Caller(read_name)));
    tracker.emit(Notice{"who is it?"});
  }
  EXPECT_STREQ(name.data(), "sink-caller");
}

TEST(Tracker, SurvivesWhenEverySinkFails) {
  const auto fail = [](const Event&) { throw 1; };
  std::vector<std::string> problems;
  {
    Tracker tracker(list(Caller(fail), Caller(fail)),
                    {.on_problem = [&](const std::string& text) { problems.push_back(text); }});
    for (int64_t i = 1; i <= 100; ++i) tracker.emit(step(i));
  }
  EXPECT_EQ(problems.size(), 2 * 2u);  // tried again, switched off; both sinks
}

// Fails at first and at its end.
class BadEnd : public Sink {
 public:
  std::string name() const override { return "bad end"; }
  void handle(const Event&) override {
    if (std::exchange(is_first_, false)) throw std::runtime_error("not yet there");
  }
  void finish() override { throw std::runtime_error("something is left"); }

 private:
  bool is_first_ = true;
};

TEST(Tracker, AlwaysTellsWhatASinkSaysAtItsEnd) {
  std::vector<std::string> problems;
  {
    Tracker tracker(list(BadEnd()),
                    {.on_problem = [&](const std::string& text) { problems.push_back(text); }});
    tracker.emit(step(1));
  }
  EXPECT_EQ(problems,
            (std::vector<std::string>{"bad end failed and will be tried again: not yet there",
                                      "bad end: something is left"}));
}

TEST(Tracker, TakesEventsFromSeveralThreads) {
  Recorder::Seen seen;
  {
    Tracker tracker(list(Recorder(seen)));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int64_t i = 0; i < 250; ++i) tracker.emit(step(i));
      });
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(seen.steps.size(), 4 * 250u);
}

}  // namespace
}  // namespace lambdaforge::experiments
