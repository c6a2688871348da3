// What a peer said at once leaves no memory behind that its link keeps, charged to nobody.
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/read_window.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/wire/message.h"
#include "tests/support/allocations.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::CountAllocations;
using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::Up;

// SEC-2: what tells much at once has the memory for it while it is told, and not for good.
TEST(KeptMemoryTest, ABurstOfSubscriptionsLeavesNothingBehind) {
  const Host host = TestHost();
  const auto c = Up(SocketType::kXPub, "XSUB", host);
  // One message of many parts, each a subscription to everything.
  std::string octets;
  for (int i = 0; i < 20'000; ++i) octets += Hex("01 01 01");
  Feed(c.get(), octets + Hex("00 01 01"), host.now);
  Message message;
  const auto before = CountAllocations();
  std::size_t told = 0;
  for (Poll poll; (poll = c->Receive(&message, host.now)) != Poll::kNeedData;) {
    ASSERT_EQ(poll, Poll::kEvent);
    for (ConnectionEvent event; c->NextEvent(&event); ++told) {
    }
  }
  EXPECT_EQ(told, 20'001u);
  EXPECT_LE((CountAllocations() - before).live_bytes, 8 * 1024);
}

// The same of a large command that means nothing to us (C-4).
TEST(KeptMemoryTest, ALargeCommandLeavesNothingBehind) {
  const Host host = TestHost();
  const auto c = Up(SocketType::kDealer, "DEALER", host);
  const auto before = CountAllocations();
  Feed(c.get(), Hex("06 0000000000010000 05 4e4f4e4553") + std::string(65536 - 6, 'x'), host.now);
  EXPECT_FALSE(c->Process(10, host.now));
  EXPECT_TRUE(c->status().ok()) << c->status();
  EXPECT_EQ(c->stored_bytes(), 0u);
  EXPECT_LE((CountAllocations() - before).live_bytes, 8 * 1024);
}

// SEC-2: what waits to be received behind the end keeps no slab for a few octets.
TEST(KeptMemoryTest, WhatWaitsBehindTheEndLiesClose) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  const auto c = Up(SocketType::kPull, "PUSH", host);
  const std::string one = Hex("000161");
  absl::StatusOr<ReadWindow> window = c->PrepareRead();
  ASSERT_TRUE(window.ok()) << window.status();
  std::ranges::copy(AsBytes(one), window->span().begin());
  c->CommitRead(*std::move(window), one.size(), host.now);
  ASSERT_GT(host.budget->used(), 1024);
  c->OnTransportClosed(absl::OkStatus(), host.now);
  EXPECT_LE(host.budget->used(), 1024);
  Message message;
  ASSERT_EQ(c->Receive(&message, host.now), Poll::kMessage);
  EXPECT_EQ(message.text(), "a");
}

}  // namespace
}  // namespace monocoque
