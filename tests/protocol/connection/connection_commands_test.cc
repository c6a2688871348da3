// Commands among messages.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "alloc/budget.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "protocol/wire/frame.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;

// F-13: our PINGs and PONGs come between messages, never between the parts of one, however it is
// written.
TEST(ConnectionCommandsTest, NoCommandBetweenParts) {
  const Host host = TestHost();
  auto c = *Connection::Create(
      {.socket_type = SocketType::kDealer, .heartbeat = {.interval = absl::Seconds(1)}}, host);
  Feed(c.get(), PeerGreeting() + PeerReady("DEALER"), host.now);
  c->Process(10, host.now);
  TakeOutput(c.get(), host.now);
  const std::string large(5000, 'l');
  std::string written;
  Instant now = host.now;
  for (int i = 0; i < 40; ++i) {
    if (i % 4 == 0) {
      Message message({"a", large, "", large, "b"});
      ASSERT_TRUE(c->Send(&message, now).ok());
    }
    Feed(c.get(), Hex("04 07 04 50494e47 0000"), now);
    c->Process(10, now);
    now = now + absl::Milliseconds(700);
    c->HandleTimeout(now);
    TransmitBatch batch;
    if (!c->FillTransmit(&batch, 100)) continue;
    std::vector<Bytes> spans(batch.slices());
    batch.Spans(spans);
    written.append(AsText(spans[0]).substr(0, 1700));
    c->ReturnBatch(std::move(batch), std::min<std::size_t>(spans[0].size(), 1700), absl::OkStatus(),
                   now);
  }
  written += TakeOutput(c.get(), now);
  Bytes rest = AsBytes(written);
  bool inside = false;
  int messages = 0, commands = 0;
  for (FrameHeader header; ParseFrameHeader(rest, &header) == FrameParse::kOk;) {
    ASSERT_FALSE(inside && header.command());
    header.command() ? ++commands : ++messages;
    inside = header.more();
    rest = rest.subspan(header.header_bytes + static_cast<std::size_t>(header.body_bytes));
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(messages, 50);
  EXPECT_GT(commands, 40);
}

std::unique_ptr<Connection> Up(const Host& host) {
  return testing::Up(SocketType::kDealer, "DEALER", host);
}

std::string Repeated(std::string_view octets, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all.append(octets);
  return all;
}

// SEC-2, C-6: commands count for no mark, so what was not looked at yet has a bound of its own:
// whoever sends faster than a turn looks is not read until that was made up for.
TEST(ConnectionCommandsTest, ReadingWaitsForTheLookAhead) {
  const Host host = TestHost();
  const auto c = Up(host);
  const std::string strays = Repeated(Hex("04 05 04 504f4e47"), 20'000);
  std::size_t most = 0;
  for (int turn = 0; turn < 100; ++turn) {
    if (c->read_hint().mode != ReadMode::kPaused) Feed(c.get(), strays, host.now);
    most = std::max(most, c->stored_bytes());
    EXPECT_TRUE(c->Process(256, host.now));
  }
  EXPECT_LE(most, std::size_t{2} << 20);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kPaused);
  while (c->Process(256, host.now)) continue;
  EXPECT_EQ(c->read_hint().mode, ReadMode::kAny);
  EXPECT_EQ(c->stored_bytes(), 0u);
  EXPECT_TRUE(c->status().ok());
}

// F-12: commands between the parts of a message lie there until it is received: up to a bound, and
// nobody waits for ever.
TEST(ConnectionCommandsTest, CommandsBehindAPartAreBounded) {
  const Host host = TestHost();
  const auto c = Up(host);
  const std::string strays = Repeated(Hex("04 05 04 504f4e47"), 20'000);
  Feed(c.get(), Hex("01 01 61"), host.now);
  for (int turn = 0; turn < 50; ++turn) {
    if (c->read_hint().mode != ReadMode::kPaused) Feed(c.get(), strays, host.now);
    while (c->Process(256, host.now)) continue;
  }
  EXPECT_LE(c->stored_bytes(), std::size_t{2} << 20);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kPaused);
  Message message;
  EXPECT_EQ(c->Receive(&message, host.now), Poll::kNeedData);
  EXPECT_EQ(c->read_hint().mode, ReadMode::kAny);
  Feed(c.get(), Hex("00 01 62"), host.now);
  ASSERT_EQ(c->Receive(&message, host.now), Poll::kMessage);
  EXPECT_EQ(message, Message({"a", "b"}));
}

// H-1, H-8: a peer that sends PINGs and reads no PONG has answers up to a limit; once it reads, it
// is answered again.
TEST(ConnectionCommandsTest, PongsDoNotPileUp) {
  const Host host = TestHost();
  const auto c = Up(host);
  const std::string pings = Repeated(Hex("04 07 04 50494e47 0000"), 10'000);
  for (int i = 0; i < 40; ++i) {
    Feed(c.get(), pings, host.now);
    while (c->Process(1000, host.now)) continue;
  }
  EXPECT_LE(c->unsent_bytes(), (std::size_t{1} << 20) + 100);
  TakeOutput(c.get(), host.now);
  Feed(c.get(), Hex("04 07 04 50494e47 0000"), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(TakeOutput(c.get(), host.now), Hex("04 05 04 504f4e47"));
}

// H-1: nor behind messages of which it takes as much as it sends PINGs.
TEST(ConnectionCommandsTest, PongsBehindMessagesDoNotPileUp) {
  const Host host = TestHost();
  const auto c = Up(host);
  const std::string pings = Repeated(Hex("04 07 04 50494e47 0000"), 10'000);
  std::size_t messages = 0;
  for (int i = 0; i < 100; ++i) {
    for (; messages < std::size_t{4} << 20; messages += 1024) {
      Message message(std::string(1022, 'm'));
      ASSERT_TRUE(c->Send(&message, host.now).ok());
    }
    TransmitBatch batch;
    ASSERT_TRUE(c->FillTransmit(&batch, pings.size()));
    const std::size_t taken = batch.remaining();
    c->ReturnBatch(std::move(batch), taken, absl::OkStatus(), host.now);
    messages -= std::min(messages, taken);
    Feed(c.get(), pings, host.now);
    while (c->Process(1000, host.now)) continue;
  }
  EXPECT_LE(c->unsent_bytes(), (std::size_t{6} << 20));
}

// H-1: what else waits to be written keeps no PING from its answer.
TEST(ConnectionCommandsTest, APingIsAnsweredBehindABacklog) {
  const Host host = TestHost();
  const auto c = Up(host);
  Message message(std::string(std::size_t{4} << 20, 'b'));
  ASSERT_TRUE(c->Send(&message, host.now).ok());
  const std::size_t before = c->unsent_bytes();
  Feed(c.get(), Hex("04 07 04 50494e47 0000"), host.now);
  c->Process(10, host.now);
  EXPECT_EQ(c->unsent_bytes(), before + 7);
}

// A message that is cut by our own Close is let go of, whole or not, however long the peer takes to
// read what is left for it.
TEST(ConnectionCommandsTest, WhatWasGatheredGoesWithClose) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  const auto c = testing::Up(SocketType::kDealer, "DEALER", host);
  Message message("unsent");
  ASSERT_TRUE(c->Send(&message, host.now).ok());
  Feed(c.get(), Hex("02 0000000000200000") + std::string(70'000, 'g'), host.now);
  EXPECT_EQ(c->Receive(&message, host.now), Poll::kNeedData);
  EXPECT_GE(host.budget->used(), 70'000);
  c->Close(host.now);
  EXPECT_EQ(c->state(), ConnectionState::kClosing);
  EXPECT_EQ(c->stored_bytes(), 0u);
  EXPECT_LT(host.budget->used(), 70'000);
}

// A budget that is spent keeps no message from who cannot be answered any more.
TEST(ConnectionCommandsTest, TheHandshakeOfOneWhoIsGoneNeedsNoMemory) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  const auto c = *Connection::Create({.socket_type = SocketType::kPull}, host);
  TakeOutput(c.get(), host.now);
  Feed(c.get(), PeerGreeting() + PeerReady("PUSH") + Hex("0001 61"), host.now);
  host.budget->set_limit(host.budget->used());
  c->OnTransportClosed(absl::OkStatus(), host.now);
  EXPECT_EQ(CauseOf(c->status()), Cause::kTransport) << c->status();
  Message message;
  Poll poll;
  while ((poll = c->Receive(&message, host.now)) == Poll::kEvent) {
    for (ConnectionEvent event; c->NextEvent(&event);) {
    }
  }
  EXPECT_EQ(poll, Poll::kMessage);
  EXPECT_EQ(message.text(), "a");
}

}  // namespace
}  // namespace monocoque
