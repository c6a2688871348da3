#include "protocol/drive/timer_heap.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "protocol/drive/instant.h"

namespace monocoque {
namespace {

struct Task {
  explicit Task(std::string of) : name(std::move(of)) { timer.owner = this; }
  Task() : Task("") {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  std::string name;
  TimerNode<Task> timer;
};
using Heap = TimerHeap<Task>;

Instant At(std::int64_t ns) { return Instant::FromNanoseconds(ns); }

// Names of all that is due, in the order they come.
std::string Due(Heap* heap, Instant now) {
  std::string names;
  for (int i = 0; i < 1000; ++i) {
    const Task* const task = heap->PopDue(now);
    if (task == nullptr) return names;
    names += task->name;
  }
  ADD_FAILURE() << "the heap never runs dry";
  return names;
}

// Numbers that jump about, the same in every run.
std::uint32_t Scatter(std::uint32_t* state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

TEST(TimerHeapTest, AnEmptyHeapHasNoDeadline) {
  Heap heap;
  EXPECT_TRUE(heap.next().is_never());
  EXPECT_EQ(heap.PopDue(At(1000)), nullptr);
  EXPECT_EQ(heap.PopDue(Instant::Never()), nullptr);
}

TEST(TimerHeapTest, DeadlinesComeInOrderWhateverTheOrderOfSetting) {
  std::string names = "abcd";
  int orders = 0;
  do {
    Heap heap;
    Task a("a"), b("b"), c("c"), d("d");
    const std::array<Task*, 4> tasks = {&a, &b, &c, &d};
    for (const char name : names) {
      heap.Set(&tasks[static_cast<std::size_t>(name - 'a')]->timer, At(10 * (name - 'a' + 1)));
    }
    EXPECT_EQ(heap.next(), At(10));
    EXPECT_EQ(Due(&heap, At(100)), "abcd") << names;
    ++orders;
  } while (std::next_permutation(names.begin(), names.end()));
  EXPECT_EQ(orders, 24);
}

// Due is what is not after `now`: neither early nor a nanosecond late.
TEST(TimerHeapTest, ADeadlineIsDueAtItsInstantAndNotBefore) {
  Heap heap;
  Task a("a"), b("b");
  heap.Set(&a.timer, At(10));
  heap.Set(&b.timer, At(11));
  EXPECT_EQ(heap.PopDue(At(9)), nullptr);
  EXPECT_TRUE(a.timer.armed());
  EXPECT_EQ(heap.PopDue(At(10)), &a);
  EXPECT_EQ(heap.PopDue(At(10)), nullptr);
  EXPECT_EQ(heap.next(), At(11));
  EXPECT_TRUE(b.timer.armed());
}

TEST(TimerHeapTest, WhatWasPoppedIsNoLongerArmedAndMayBeSetAgain) {
  Heap heap;
  Task a("a");
  EXPECT_FALSE(a.timer.armed());
  heap.Set(&a.timer, At(5));
  EXPECT_TRUE(a.timer.armed());
  EXPECT_EQ(heap.PopDue(At(5)), &a);
  EXPECT_FALSE(a.timer.armed());
  EXPECT_TRUE(a.timer.deadline.is_never());
  EXPECT_TRUE(heap.next().is_never());
  // The same deadline once more is a new one.
  heap.Set(&a.timer, At(5));
  EXPECT_EQ(heap.PopDue(At(5)), &a);
}

TEST(TimerHeapTest, SettingAgainMovesADeadlineBothWays) {
  Heap heap;
  Task a("a"), b("b"), c("c");
  heap.Set(&a.timer, At(10));
  heap.Set(&b.timer, At(20));
  heap.Set(&c.timer, At(30));
  heap.Set(&a.timer, At(40));
  EXPECT_EQ(heap.next(), At(20));
  heap.Set(&c.timer, At(5));
  EXPECT_EQ(heap.next(), At(5));
  heap.Set(&b.timer, At(20));
  EXPECT_EQ(Due(&heap, At(100)), "cba");
}

TEST(TimerHeapTest, NeverDisarms) {
  Heap heap;
  Task a("a"), b("b");
  heap.Set(&a.timer, Instant::Never());
  EXPECT_FALSE(a.timer.armed());
  heap.Set(&a.timer, At(10));
  heap.Set(&b.timer, At(20));
  heap.Set(&a.timer, Instant::Never());
  EXPECT_FALSE(a.timer.armed());
  EXPECT_EQ(heap.next(), At(20));
  EXPECT_EQ(Due(&heap, At(100)), "b");
}

TEST(TimerHeapTest, RemovingTakesExactlyOneWhereverItStands) {
  for (int victim = 0; victim < 7; ++victim) {
    Heap heap;
    std::array<Task, 7> tasks;
    std::string expected;
    for (int i = 0; i < 7; ++i) {
      Task& task = tasks[static_cast<std::size_t>(i)];
      task.name = std::to_string(i);
      heap.Set(&task.timer, At(i));
      if (i != victim) expected += task.name;
    }
    Task& gone = tasks[static_cast<std::size_t>(victim)];
    heap.Remove(&gone.timer);
    EXPECT_FALSE(gone.timer.armed());
    heap.Remove(&gone.timer);
    EXPECT_EQ(heap.next(), At(victim == 0 ? 1 : 0));
    EXPECT_EQ(Due(&heap, At(100)), expected);
  }
}

// The last node takes the place of the removed one. From another branch it may have to go up, not
// down.
TEST(TimerHeapTest, TheNodeThatFillsAHoleMayHaveToRise) {
  Heap heap;
  Task root("r"), late("L"), early("e"), late1("1"), late2("2"), early1("3"), early2("4");
  heap.Set(&root.timer, At(1));
  heap.Set(&late.timer, At(50));
  heap.Set(&early.timer, At(2));
  heap.Set(&late1.timer, At(60));
  heap.Set(&late2.timer, At(70));
  heap.Set(&early1.timer, At(3));
  heap.Set(&early2.timer, At(4));
  heap.Remove(&late1.timer);
  EXPECT_EQ(Due(&heap, At(49)), "re34");
  EXPECT_EQ(Due(&heap, At(100)), "L2");
}

TEST(TimerHeapTest, AllWithTheSameDeadlineAreDueTogether) {
  Heap heap;
  std::array<Task, 20> tasks;
  for (Task& task : tasks) task.name = "x";
  for (Task& task : tasks) heap.Set(&task.timer, At(7));
  EXPECT_EQ(Due(&heap, At(6)), "");
  EXPECT_EQ(Due(&heap, At(7)), std::string(20, 'x'));
  EXPECT_TRUE(heap.next().is_never());
}

// The owner that came due sets its next deadline at once: a heartbeat.
TEST(TimerHeapTest, ATimerSetAgainWhileDuesAreTakenWaitsForItsTime) {
  Heap heap;
  Task beat("b"), other("o");
  heap.Set(&beat.timer, At(10));
  heap.Set(&other.timer, At(15));
  std::string order;
  for (std::int64_t now = 0; now <= 30; ++now) {
    for (int i = 0; i < 4; ++i) {
      Task* const task = heap.PopDue(At(now));
      if (task == nullptr) break;
      order += task->name + std::to_string(now) + " ";
      if (task == &beat) heap.Set(&beat.timer, At(now + 10));
    }
  }
  EXPECT_EQ(order, "b10 o15 b20 b30 ");
  EXPECT_EQ(heap.next(), At(40));
}

// Against a plain search through all deadlines.
TEST(TimerHeapTest, ManyChangesKeepTheNextDeadlineRight) {
  Heap heap;
  std::array<Task, 50> tasks;
  std::uint32_t state = 1;
  for (int step = 0; step < 5000; ++step) {
    Task& task = tasks[Scatter(&state) % tasks.size()];
    if (Scatter(&state) % 4 == 0) {
      heap.Remove(&task.timer);
    } else {
      heap.Set(&task.timer, At(Scatter(&state) % 100));
    }
    Instant least = Instant::Never();
    for (const Task& each : tasks) {
      if (each.timer.armed()) least = std::min(least, each.timer.deadline);
    }
    ASSERT_EQ(heap.next(), least) << "step " << step;
  }
  std::vector<Instant> left;
  for (const Task& task : tasks) {
    if (task.timer.armed()) left.push_back(task.timer.deadline);
  }
  std::sort(left.begin(), left.end());
  for (const Instant deadline : left) {
    ASSERT_EQ(heap.next(), deadline);
    ASSERT_NE(heap.PopDue(deadline), nullptr);
  }
  EXPECT_TRUE(heap.next().is_never());
}

}  // namespace
}  // namespace monocoque
