#include "adapters/coro/task.h"

#include <coroutine>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::coro {
namespace {

using ::testing::ElementsAre;

// Where a coroutine waits until the test goes on with it.
struct Gate {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) { waiting = awaiting; }
  void await_resume() const {}
  void Open() const { waiting.resume(); }

  std::coroutine_handle<> waiting;
};

using Log = std::vector<std::string>;

// Notes that a coroutine's locals go.
struct Farewell {
  Farewell(Log* to, std::string who) : log(*to), name(std::move(who)) {}
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  ~Farewell() { log.push_back(name + " goes"); }
  Log& log;
  const std::string name;
};

Task<std::string> Pass(Gate& gate, std::string result) {
  co_await gate;
  co_return result;
}

// Runs others within itself, as a blocking call does, and waits again.
Task<std::string> Block(Log* log, std::string name, Gate& gate, std::function<void()> within) {
  const Farewell farewell(log, name);
  co_await gate;
  within();
  log->push_back(name + " has blocked");
  co_await gate;
  co_return name;
}

// The same, and is done then.
Task<std::string> BlockAndEnd(Log* log, std::string name, Gate& gate,
                              std::function<void()> within) {
  const Farewell farewell(log, name);
  co_await gate;
  within();
  co_return name;
}

// Blocks as soon as it is begun.
Task<std::string> BlockAtOnce(Log* log, std::string name, Gate& gate,
                              std::function<void()> within) {
  const Farewell farewell(log, name);
  within();
  log->push_back(name + " has blocked");
  co_await gate;
  co_return name;
}

Task<std::string> Throw(Gate& gate, std::function<void()> within) {
  co_await gate;
  within();
  throw std::runtime_error("thrown");
}

Task<std::string> Await(Log* log, std::string name, Task<std::string> task) {
  const Farewell farewell(log, name);
  co_return co_await task;
}

Task<std::string> AwaitBehind(Gate& gate, Task<std::string> task) {
  co_await gate;
  co_return co_await task;
}

Task<void> Note(Log* log, Task<std::string> task) {
  const std::string result = co_await task;
  log->push_back("first: " + result);
}

class FirstOfTest : public ::testing::Test {
 protected:
  // One that waits at gate_, and `other`.
  void Begin(Task<std::string> other) {
    task_.emplace(Note(&log_, FirstOf(Pass(gate_, "one"), std::move(other))));
    task_->Resume();
  }
  std::function<void()> Opens(const Gate& gate) {
    return [&gate] { gate.Open(); };
  }

  Log log_;
  Gate gate_, others_, third_;
  std::optional<Task<void>> task_;
};

TEST_F(FirstOfTest, TheOtherIsDestroyedWhereItWaits) {
  Begin(Block(&log_, "other", others_, [] {}));
  gate_.Open();
  EXPECT_THAT(log_, ElementsAre("other goes", "first: one"));
}

TEST_F(FirstOfTest, OneThatBlocksIsWaitedForUntilItWaits) {
  Begin(Block(&log_, "other", others_, Opens(gate_)));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("other has blocked", "other goes", "first: one"));
}

TEST_F(FirstOfTest, OneThatBlocksIsWaitedForUntilItEnds) {
  Begin(BlockAndEnd(&log_, "other", others_, Opens(gate_)));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("other goes", "first: one"));
}

TEST_F(FirstOfTest, WhatTheOtherThrowsInTheEndIsNotTheResult) {
  Begin(Throw(others_, Opens(gate_)));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("first: one"));
}

TEST_F(FirstOfTest, TheFirstArgumentMayBeTheOneThatBlocks) {
  task_.emplace(Note(
      &log_, FirstOf(BlockAndEnd(&log_, "other", others_, Opens(gate_)), Pass(gate_, "second"))));
  task_->Resume();
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("other goes", "first: second"));
}

TEST_F(FirstOfTest, OneThatBlocksAtOnceIsWaitedFor) {
  Begin(BlockAtOnce(&log_, "other", others_, Opens(gate_)));
  EXPECT_THAT(log_, ElementsAre("other has blocked", "other goes", "first: one"));
}

// Whoever awaits the one that blocks is not destroyed either.
TEST_F(FirstOfTest, OneThatAwaitsOneThatBlocksIsWaitedFor) {
  Begin(Await(&log_, "other", Block(&log_, "inner", others_, Opens(gate_))));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("inner has blocked", "other goes", "inner goes", "first: one"));
}

// It blocks within the call that begins it, while the other is on the stack itself.
TEST_F(FirstOfTest, OneThatBeginsOneThatBlocksIsWaitedFor) {
  Begin(AwaitBehind(others_, BlockAtOnce(&log_, "inner", third_, Opens(gate_))));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("inner has blocked", "inner goes", "first: one"));
}

// Its result is waited for, and what it is for.
TEST_F(FirstOfTest, WhoeverAwaitsOneThatEndsGoesOnWithIt) {
  Begin(Await(&log_, "other", BlockAndEnd(&log_, "inner", others_, Opens(gate_))));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("inner goes", "other goes", "first: one"));
}

TEST_F(FirstOfTest, OneWithinAnother) {
  Gate inner;
  Begin(FirstOf(Pass(inner, "inner"), Block(&log_, "other", others_, [&] {
                  inner.Open();
                  gate_.Open();
                })));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("other has blocked", "other goes", "first: one"));
}

TEST_F(FirstOfTest, BothOfOneWithinAnotherBlock) {
  Begin(FirstOf(Block(&log_, "outer", others_, Opens(third_)),
                Block(&log_, "inner", third_, Opens(gate_))));
  others_.Open();
  EXPECT_THAT(log_, ElementsAre("inner has blocked", "outer has blocked", "inner goes",
                                "outer goes", "first: one"));
}

class TaskTest : public ::testing::Test {
 protected:
  void Begin(Task<std::string> task) {
    task_.emplace(std::move(task));
    task_->Resume();
  }
  std::function<void()> Destroys() {
    return [this] { task_.reset(); };
  }

  Log log_;
  Gate gate_, third_;
  std::optional<Task<std::string>> task_;
};

// It goes on to where it waits next, and no further.
TEST_F(TaskTest, DestroyedWhileItRunsItGoesOnUntilItWaits) {
  Begin(Block(&log_, "it", gate_, Destroys()));
  gate_.Open();
  EXPECT_THAT(log_, ElementsAre("it has blocked", "it goes"));
}

TEST_F(TaskTest, DestroyedWhileItRunsItGoesOnUntilItEnds) {
  Begin(BlockAndEnd(&log_, "it", gate_, Destroys()));
  gate_.Open();
  EXPECT_THAT(log_, ElementsAre("it goes"));
}

TEST_F(TaskTest, DestroyedWhileOneThatItAwaitsRunsItGoesOn) {
  Begin(Await(&log_, "it", Block(&log_, "inner", gate_, Destroys())));
  gate_.Open();
  EXPECT_THAT(log_, ElementsAre("inner has blocked", "it goes", "inner goes"));
}

TEST_F(TaskTest, DestroyedWhileItBeginsOneThatBlocksItGoesOn) {
  Begin(AwaitBehind(gate_, BlockAtOnce(&log_, "inner", third_, Destroys())));
  gate_.Open();
  EXPECT_THAT(log_, ElementsAre("inner has blocked", "inner goes"));
}

TEST_F(TaskTest, DestroyedWhileItRunsItMayThrow) {
  Begin(Throw(gate_, Destroys()));
  gate_.Open();
}

// ---- What may be awaited -----------------------------------------------------------------------

struct Refuses : Gate {
  bool await_suspend(std::coroutine_handle<>) const { return false; }
};
struct Throws : Gate {
  void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("not now"); }
};
struct HandsOver : Gate {
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const { return awaiting; }
};
// Goes on before the call that suspends it is over.
struct GoesOnAtOnce : Gate {
  void await_suspend(std::coroutine_handle<> awaiting) const { awaiting.resume(); }
};
struct ByMember {
  Refuses operator co_await() const { return {}; }
};
struct ByFunction {};
Refuses operator co_await(const ByFunction&) { return {}; }

template <typename Awaitable>
Task<std::string> AwaitThenBlock(Log* log, Gate& gate, std::function<void()> within) {
  const Farewell farewell(log, "it");
  try {
    co_await Awaitable();
  } catch (const std::runtime_error& error) {
    log->push_back(error.what());
  }
  within();
  log->push_back("it has blocked");
  co_await gate;
  co_return "it";
}

template <typename Awaitable>
Log DestroyedBehind() {
  Log log;
  Gate gate;
  std::optional<Task<std::string>> task;
  task.emplace(AwaitThenBlock<Awaitable>(&log, gate, [&] { task.reset(); }));
  task->Resume();
  return log;
}

// Whether it runs is known, whatever it awaited before.
TEST_F(TaskTest, AwaitsWhateverCanBeAwaited) {
  EXPECT_THAT(DestroyedBehind<Refuses>(), ElementsAre("it has blocked", "it goes"));
  EXPECT_THAT(DestroyedBehind<Throws>(), ElementsAre("not now", "it has blocked", "it goes"));
  EXPECT_THAT(DestroyedBehind<HandsOver>(), ElementsAre("it has blocked", "it goes"));
  EXPECT_THAT(DestroyedBehind<GoesOnAtOnce>(), ElementsAre("it has blocked", "it goes"));
  EXPECT_THAT(DestroyedBehind<ByMember>(), ElementsAre("it has blocked", "it goes"));
  EXPECT_THAT(DestroyedBehind<ByFunction>(), ElementsAre("it has blocked", "it goes"));
}

}  // namespace
}  // namespace monocoque::coro
