#include "adapters/coro/spawned_tasks.h"

#include <coroutine>
#include <memory>
#include <stdexcept>

#include "adapters/coro/task.h"
#include "gtest/gtest.h"

namespace monocoque::coro {
namespace {

// Where a coroutine waits until the test goes on with it.
struct Gate {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) { waiting = awaiting; }
  void await_resume() const {}

  std::coroutine_handle<> waiting;
};

Task<void> Pass(Gate* gate, std::shared_ptr<int> held) {
  co_await *gate;
  ++*held;
}

Task<void> Fail() {
  throw std::runtime_error("no");
  co_return;
}

TEST(SpawnedTasksTest, OneThatIsDoneIsCollected) {
  SpawnedTasks tasks;
  Gate gate;
  const auto held = std::make_shared<int>(0);
  tasks.Spawn(Pass(&gate, held));
  EXPECT_FALSE(tasks.over());
  tasks.Collect();
  EXPECT_FALSE(tasks.empty());
  gate.waiting.resume();
  EXPECT_EQ(*held, 1);
  EXPECT_TRUE(tasks.over());
  EXPECT_FALSE(tasks.empty());
  tasks.Collect();
  EXPECT_FALSE(tasks.over());
  EXPECT_TRUE(tasks.empty());
  EXPECT_EQ(held.use_count(), 1);
}

// Each throw comes out of a Collect of its own.
TEST(SpawnedTasksTest, WhatTheyThrowComesOutOneByOne) {
  SpawnedTasks tasks;
  tasks.Spawn(Fail());
  tasks.Spawn(Fail());
  EXPECT_THROW(tasks.Collect(), std::runtime_error);
  EXPECT_TRUE(tasks.over());
  EXPECT_THROW(tasks.Collect(), std::runtime_error);
  EXPECT_TRUE(tasks.empty());
  tasks.Collect();
}

TEST(SpawnedTasksTest, ClearDestroysThoseThatWait) {
  SpawnedTasks tasks;
  Gate gate;
  const auto held = std::make_shared<int>(0);
  tasks.Spawn(Pass(&gate, held));
  tasks.Clear();
  EXPECT_TRUE(tasks.empty());
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

// Spawns others and collects those that are over, as it goes.
struct SpawnsAtTheEnd {
  explicit SpawnsAtTheEnd(SpawnedTasks* to) : tasks(*to) {}
  SpawnsAtTheEnd(const SpawnsAtTheEnd&) = delete;
  SpawnsAtTheEnd& operator=(const SpawnsAtTheEnd&) = delete;
  ~SpawnsAtTheEnd() {
    for (int i = 0; i < 10; ++i) tasks.Spawn(Pass(&gate, held));
    tasks.Collect();
  }

  SpawnedTasks& tasks;
  Gate gate;
  std::shared_ptr<int> held = std::make_shared<int>(0);
};

Task<void> PassAndSpawn(SpawnedTasks* tasks, Gate* gate) {
  const SpawnsAtTheEnd end(tasks);
  co_await *gate;
}

// They are destroyed unrun.
TEST(SpawnedTasksTest, WhatIsSpawnedWhileItIsClearedIsDropped) {
  SpawnedTasks tasks;
  Gate gate;
  for (int i = 0; i < 10; ++i) tasks.Spawn(PassAndSpawn(&tasks, &gate));
  tasks.Clear();
  EXPECT_TRUE(tasks.empty());
  const auto held = std::make_shared<int>(0);
  Gate later;
  tasks.Spawn(Pass(&later, held));
  EXPECT_FALSE(later.waiting);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace monocoque::coro
