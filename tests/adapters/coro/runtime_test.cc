// A runtime that is out of what a loop asks it for.
#include <unistd.h>

#include <array>

#include "adapters/coro/awaitables.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"
#include "gtest/gtest.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/coro_poll_loop.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::CoroPollLoop;

Task<void> AwaitBoth(Loop& loop, const std::array<int, 2>& ends, bool* over) {
  co_await loop.AsyncReadable(ends[0]);
  co_await loop.AsyncWritable(ends[1]);
  *over = true;
}

// Nobody would ever tell: what is done next with the descriptor says how it is.
TEST(RuntimeTest, WhatCannotBeWatchedIsNotWaitedFor) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  CoroPollLoop loop;
  loop.RefuseWatches(true);
  bool over = false;
  loop.Spawn(AwaitBoth(loop, ends, &over));
  EXPECT_TRUE(over);
  close(ends[0]);
  close(ends[1]);
}

// Nobody could wake it: that is said, and is over once it can watch again.
TEST(RuntimeTest, WithoutAWatchForItsMailboxThereIsNoInproc) {
  CoroPollLoop loop;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  loop.RefuseWatches(true);
  EXPECT_FALSE(pull.Bind("inproc://no-watch").ok());
  loop.RefuseWatches(false);
  const auto bound = pull.Bind("inproc://no-watch");
  EXPECT_TRUE(bound.ok()) << bound.status();
}

}  // namespace
}  // namespace monocoque::coro
