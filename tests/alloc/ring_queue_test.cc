#include "alloc/ring_queue.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

std::vector<int> Drain(RingQueue<int>* queue) {
  std::vector<int> out;
  while (!queue->empty()) out.push_back(queue->take_front());
  return out;
}

bool IsPowerOfTwo(std::size_t number) { return number > 0 && (number & (number - 1)) == 0; }

TEST(RingQueueTest, ANewQueueIsEmptyAndHoldsNoMemory) {
  const RingQueue<int> queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.capacity(), 0u);
}

TEST(RingQueueTest, FirstInIsFirstOut) {
  RingQueue<int> queue;
  for (int i = 1; i <= 5; ++i) queue.push_back(i);
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(queue.front(), 1);
  EXPECT_EQ(queue.back(), 5);
  EXPECT_EQ(Drain(&queue), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(queue.empty());
}

TEST(RingQueueTest, WhatIsPushedToTheFrontComesFirst) {
  RingQueue<int> queue;
  queue.push_front(2);
  queue.push_back(3);
  queue.push_front(1);
  EXPECT_EQ(queue.front(), 1);
  EXPECT_EQ(queue.back(), 3);
  EXPECT_EQ(Drain(&queue), (std::vector<int>{1, 2, 3}));
}

TEST(RingQueueTest, PositionsCountFromTheFront) {
  RingQueue<int> queue;
  for (int i = 0; i < 6; ++i) queue.push_back(i);
  queue.pop_front();
  queue[1] = 20;
  const RingQueue<int>& view = queue;
  EXPECT_EQ(view[0], 1);
  EXPECT_EQ(view[1], 20);
  EXPECT_EQ(view[4], 5);
  EXPECT_EQ(&view[4], &view.back());
}

TEST(RingQueueTest, TheCapacityIsAPowerOfTwoAndHoldsWhatIsQueued) {
  RingQueue<int> queue;
  for (int i = 0; i < 300; ++i) {
    queue.push_back(i);
    ASSERT_TRUE(IsPowerOfTwo(queue.capacity()));
    ASSERT_LE(queue.size(), queue.capacity());
  }
}

// A queue that has reached its size goes round and round in the same memory.
TEST(RingQueueTest, GoingRoundTheRingKeepsOrderAndAllocatesNothing) {
  RingQueue<int> queue;
  int pushed = 0;
  int popped = 0;
  for (int i = 0; i < 3; ++i) queue.push_back(pushed++);
  const std::size_t capacity = queue.capacity();
  for (int turn = 0; turn < 50; ++turn) {
    queue.push_back(pushed++);
    ASSERT_EQ(queue.take_front(), popped++);
    ASSERT_EQ(queue.front(), popped);
    ASSERT_EQ(queue.back(), pushed - 1);
    ASSERT_EQ(queue[1], popped + 1);
  }
  EXPECT_EQ(queue.capacity(), capacity);
}

// At each position of the head the ring is filled to the brim and grown.
TEST(RingQueueTest, GrowingAWrappedRingKeepsTheOrder) {
  for (int shift = 0; shift < 8; ++shift) {
    RingQueue<int> queue;
    for (int i = 0; i < 5; ++i) queue.push_back(-1);
    ASSERT_EQ(queue.capacity(), 8u);
    for (int i = 0; i < shift; ++i) {
      queue.push_back(-1);
      queue.pop_front();
    }
    while (!queue.empty()) queue.pop_front();
    for (int i = 0; i < 9; ++i) queue.push_back(i);
    EXPECT_EQ(queue.capacity(), 16u);
    EXPECT_EQ(Drain(&queue), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8})) << shift;
  }
}

TEST(RingQueueTest, AFullRingGrowsForTheFrontToo) {
  RingQueue<int> queue;
  for (int i = 8; i > 0; --i) queue.push_front(i);
  queue.push_front(0);
  queue.push_back(9);
  EXPECT_EQ(Drain(&queue), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

// Against a queue nobody doubts, with a fixed sequence of pushes and pops.
TEST(RingQueueTest, BehavesAsADequeOverALongRun) {
  RingQueue<int> queue;
  std::deque<int> model;
  std::uint32_t state = 12345;
  for (int step = 0; step < 20'000; ++step) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t choice = (state >> 16) % 5;
    if (choice < 2) {
      queue.push_back(step);
      model.push_back(step);
    } else if (choice == 2) {
      queue.push_front(step);
      model.push_front(step);
    } else if (!model.empty()) {
      ASSERT_EQ(queue.take_front(), model.front());
      model.pop_front();
    }
    ASSERT_EQ(queue.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(queue.front(), model.front());
    ASSERT_EQ(queue.back(), model.back());
    ASSERT_EQ(queue[model.size() / 2], model[model.size() / 2]);
  }
}

TEST(RingQueueTest, EachElementIsDestroyedOnce) {
  const auto token = std::make_shared<int>(0);
  {
    RingQueue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 20; ++i) queue.push_back(token);
    EXPECT_EQ(token.use_count(), 21) << "growth moved them and left none behind";
    queue.pop_front();
    EXPECT_EQ(token.use_count(), 20);
    const std::shared_ptr<int> taken = queue.take_front();
    EXPECT_EQ(token.use_count(), 20);
    queue.clear();
    EXPECT_EQ(token.use_count(), 2);
    queue.push_back(token);
  }
  EXPECT_EQ(token.use_count(), 1) << "the queue's end is the end of what it held";
}

// Counts those alive, the moved-from included.
class Counted {
 public:
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

TEST(RingQueueTest, AliveIsExactlyWhatIsQueued) {
  int alive = 0;
  {
    RingQueue<Counted> queue;
    for (int i = 1; i <= 20; ++i) {
      queue.emplace_back(&alive);
      ASSERT_EQ(alive, i) << "growth leaves no moved-from element behind";
    }
    queue.pop_front();
    EXPECT_EQ(alive, 19);
    queue.push_front(Counted(&alive));
    EXPECT_EQ(alive, 20);
    RingQueue<Counted> moved(std::move(queue));
    EXPECT_EQ(alive, 20);
  }
  EXPECT_EQ(alive, 0);
}

TEST(RingQueueTest, TakesWhatCanOnlyBeMoved) {
  RingQueue<std::unique_ptr<std::string>> queue;
  for (int i = 0; i < 10; ++i) queue.emplace_back(std::make_unique<std::string>(std::to_string(i)));
  queue.push_front(std::make_unique<std::string>("front"));
  EXPECT_EQ(*queue.take_front(), "front");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(*queue.take_front(), std::to_string(i));
}

TEST(RingQueueTest, EmplaceBackGivesTheNewElement) {
  RingQueue<std::string> queue;
  std::string& added = queue.emplace_back(std::size_t{3}, 'x');
  EXPECT_EQ(added, "xxx");
  added = "changed";
  EXPECT_EQ(queue.back(), "changed");
}

// The element pushed lies in the memory that growing gives back.
TEST(RingQueueTest, AnElementOfTheQueueMayBePushedAgain) {
  RingQueue<std::string> queue;
  const std::string text = "longer than what a string keeps inside itself";
  queue.push_back(text);
  for (int i = 0; i < 20; ++i) queue.push_back(queue.front());
  for (int i = 0; i < 20; ++i) queue.push_front(queue.back());
  for (std::size_t i = 0; i < queue.size(); ++i) EXPECT_EQ(queue[i], text);
}

TEST(RingQueueTest, ClearKeepsTheMemoryAndShrinkGivesItBack) {
  RingQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.push_back(i);
  const std::size_t capacity = queue.capacity();
  queue.Shrink();
  EXPECT_EQ(queue.capacity(), capacity) << "something is queued";
  EXPECT_EQ(queue.size(), 100u);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.capacity(), capacity);
  queue.Shrink();
  EXPECT_EQ(queue.capacity(), 0u);
  queue.Shrink();
  queue.push_back(1);
  queue.push_back(2);
  EXPECT_EQ(Drain(&queue), (std::vector<int>{1, 2}));
}

// What a link does with each write: its queue fills and runs empty, again and again.
TEST(RingQueueTest, RestKeepsWhatIsUsedAndGivesBackWhatIsNot) {
  RingQueue<int> queue;
  const auto use = [&queue](int count) {
    for (int i = 0; i < count; ++i) queue.push_back(i);
    queue.Rest();
    EXPECT_EQ(queue.size(), static_cast<std::size_t>(count)) << "nothing is lost";
    queue.clear();
    queue.Rest();
  };
  use(64);
  ASSERT_EQ(queue.capacity(), 64u);
  for (int i = 0; i < 20; ++i) {
    use(64);
    use(1);
    EXPECT_EQ(queue.capacity(), 64u) << "a small use between large ones changes nothing";
  }
  for (int i = 0; i < 20; ++i) use(1);
  EXPECT_EQ(queue.capacity(), 4u) << "only small uses do";
  for (int i = 0; i < 20; ++i) queue.Rest();
  EXPECT_EQ(queue.capacity(), 4u) << "the smallest ring stays";
}

TEST(RingQueueTest, MovingCarriesAWrappedRing) {
  RingQueue<std::string> first;
  for (int i = 0; i < 4; ++i) first.push_back("old");
  for (int i = 0; i < 3; ++i) first.pop_front();
  for (int i = 0; i < 3; ++i) first.push_back("new");
  RingQueue<std::string> second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT: the moved-from state is the contract here.
  EXPECT_EQ(second.size(), 4u);
  RingQueue<std::string> third;
  third.push_back("replaced");
  third = std::move(second);
  EXPECT_EQ(third.take_front(), "old");
  EXPECT_EQ(third.take_front(), "new");
  EXPECT_EQ(third.size(), 2u);
  first.push_back("a moved-from queue may be used again");
  EXPECT_EQ(first.size(), 1u);
}

struct alignas(4096) Page {
  int number = 0;
};

TEST(RingQueueTest, ElementsLieAsTheirTypeDemands) {
  RingQueue<Page> queue;
  for (int i = 0; i < 10; ++i) {
    queue.emplace_back().number = i;
    void* const at = &queue.back();
    void* aligned = at;
    std::size_t space = 2 * sizeof(Page);
    std::align(alignof(Page), sizeof(Page), aligned, space);
    EXPECT_EQ(aligned, at) << i;
  }
}

}  // namespace
}  // namespace monocoque
