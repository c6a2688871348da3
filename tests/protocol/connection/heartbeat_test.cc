// PING, PONG and times to live, as a connection keeps them (RFC 37, Heartbeating).
#include "protocol/connection/heartbeat.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/budget.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::Hex;
using ::monocoque::testing::TakeOutput;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Up;

// H-5, H-8: a PING, no answer, no second PING, then the close.
TEST(HeartbeatTest, HeartbeatLost) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host, 1,
              {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(3)}});
  Instant now = host.now + absl::Seconds(1);
  EXPECT_EQ(c->NextDeadline(), now);
  c->HandleTimeout(now);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000");
  c->HandleTimeout(now + absl::Seconds(2));
  EXPECT_EQ(TakeOutput(c.get(), now), "");
  c->HandleTimeout(now + absl::Seconds(3));
  EXPECT_EQ(CauseOf(c->status()), Cause::kHeartbeat);
}

// H-5: the peer's time runs from when it can have the PING: a long backlog that moves costs nobody
// the link, one that stands still does.
TEST(HeartbeatTest, APingBehindABacklogHasItsTimeWhenItIsWritten) {
  constexpr std::size_t kAll = 1 << 20;
  const Host host = TestHost();
  for (const bool moves : {true, false}) {
    auto c = Up(SocketType::kPush, "PULL", host, 1,
                {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(3)}});
    Message message(std::string(100'000, 'x'));
    ASSERT_TRUE(c->Send(&message, host.now).ok());
    TransmitBatch batch;
    ASSERT_TRUE(c->FillTransmit(&batch, kAll)) << "in flight when the PING is made";
    Instant now = host.now + absl::Seconds(1);
    c->HandleTimeout(now);
    for (int i = 0; i < 5 && moves; ++i) {
      now = now + absl::Seconds(2);
      c->HandleTimeout(now);
      ASSERT_TRUE(c->status().ok()) << i;
      batch.Advance(20'000);
      c->ReturnBatch(std::move(batch), 20'000, absl::OkStatus(), now);
      ASSERT_TRUE(c->FillTransmit(&batch, kAll)) << "the PING is still behind";
    }
    c->HandleTimeout(now + absl::Seconds(2));
    EXPECT_TRUE(c->status().ok());
    c->HandleTimeout(now + absl::Seconds(3));
    EXPECT_EQ(CauseOf(c->status()), Cause::kHeartbeat);
  }
}

// The same where the batch is with the transport all the while: a large body on a slow line. And a
// connection that is over gives its peer the time it takes.
TEST(HeartbeatTest, ABatchThatIsTakenSlowlyIsASignOfLife) {
  const Host host = TestHost();
  for (const bool closing : {false, true}) {
    for (const bool moves : {true, false}) {
      auto c = Up(SocketType::kPush, "PULL", host, 1,
                  {.closing_timeout = absl::Seconds(3),
                   .heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(3)}});
      Message message(std::string(100'000, 'x'));
      ASSERT_TRUE(c->Send(&message, host.now).ok());
      TransmitBatch batch;
      while (c->FillTransmit(&batch, 1 << 20) && batch.remaining() < 10'000) {
        c->ReturnBatch(std::move(batch), batch.remaining(), absl::OkStatus(), host.now);
      }
      Instant now = host.now + absl::Seconds(1);
      c->HandleTimeout(now);
      if (closing) c->Close(now);
      std::size_t written = 0;
      for (int i = 0; i < 10 && moves; ++i) {
        now = now + absl::Seconds(2);
        c->HandleTimeout(now);
        ASSERT_FALSE(c->done()) << i;
        c->OnWritten(written += 1000, now);
      }
      // One of nothing new is none.
      c->OnWritten(written, now + absl::Seconds(2));
      c->HandleTimeout(now + absl::Seconds(2));
      EXPECT_FALSE(c->done());
      c->HandleTimeout(now + absl::Seconds(3));
      EXPECT_EQ(CauseOf(c->status()), closing ? Cause::kLocal : Cause::kHeartbeat);
      EXPECT_TRUE(c->done());
    }
  }
}

// H-8: nor is there a second PING behind one that was not written, while reading is paused.
TEST(HeartbeatTest, PingsDoNotPileUp) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host, 1,
              {.heartbeat = {.interval = absl::Seconds(1)}, .receive_mark = {.messages = 1}});
  Feed(c.get(), Hex("000161"), host.now);
  c->Process(100, host.now);
  ASSERT_EQ(c->read_hint().mode, ReadMode::kPaused);
  Instant now = host.now;
  for (int i = 0; i < 100; ++i) c->HandleTimeout(now = now + absl::Seconds(1));
  EXPECT_TRUE(c->status().ok()) << c->status();
  EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000");
  c->HandleTimeout(now + absl::Seconds(1));
  EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000") << "they go on";
}

// H-8: also where nobody is given up for want of an answer.
TEST(HeartbeatTest, PingsThatMayGoUnansweredForEverDoNotPileUp) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host, 1,
              {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::InfiniteDuration()}});
  Instant now = host.now;
  for (int i = 0; i < 100; ++i) {
    now = now + absl::Seconds(1);
    c->HandleTimeout(now);
  }
  EXPECT_TRUE(c->status().ok());
  EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000");
}

// H-8: a PING is written once all in front of it is, of which a part may be known to have left:
// they go on behind it.
TEST(HeartbeatTest, PingsGoOnBehindABatchThatLeftInParts) {
  const Host host = TestHost();
  auto c = Up(SocketType::kDealer, "DEALER", host, 1,
              {.heartbeat = {.interval = absl::Seconds(1)}, .receive_mark = {.messages = 1}});
  Feed(c.get(), Hex("000161"), host.now);
  c->Process(100, host.now);
  ASSERT_EQ(c->read_hint().mode, ReadMode::kPaused);
  Message message(std::string(100'000, 'x'));
  ASSERT_TRUE(c->Send(&message, host.now).ok());
  TransmitBatch batch;
  ASSERT_TRUE(c->FillTransmit(&batch, 1 << 20));
  const std::size_t all = batch.remaining();
  c->OnWritten(all - 1000, host.now);
  Instant now = host.now + absl::Seconds(1);
  c->HandleTimeout(now);
  c->ReturnBatch(std::move(batch), all, absl::OkStatus(), now);
  EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000");
  for (int i = 0; i < 5; ++i) {
    c->HandleTimeout(now = now + absl::Seconds(1));
    EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000") << i;
  }
}

// While there is no memory to read with, what the peer says is not seen: it is not blamed for that,
// whenever its time runs out between two tries.
TEST(HeartbeatTest, WhoIsNotReadForWantOfMemoryIsNotLost) {
  for (const absl::Duration timeout : {absl::Milliseconds(95), absl::Milliseconds(100)}) {
    Host host = TestHost();
    host.budget = Budget::Create(Budget::kUnlimited);
    auto c = Up(SocketType::kPull, "PUSH", host, 1,
                {.heartbeat = {.interval = absl::Seconds(1), .timeout = timeout}});
    // A message that nobody takes.
    Feed(c.get(), Hex("000161"), host.now);
    c->Process(100, host.now);
    ASSERT_EQ(c->stored_messages(), 1u);
    Instant now = host.now + absl::Seconds(1);
    c->HandleTimeout(now);
    EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000");
    host.budget->set_limit(host.budget->used());
    for (const Instant end = now + absl::Milliseconds(500); now < end;
         now = now + absl::Milliseconds(5)) {
      if (now >= c->NextDeadline()) c->HandleTimeout(now);
      if (!c->starved()) {
        ASSERT_FALSE(c->PrepareRead().ok());
      }
    }
    EXPECT_TRUE(c->status().ok()) << c->status();
  }
}

// H-5: anything counts as a sign of life. H-7: a PONG nobody asked for does no harm.
TEST(HeartbeatTest, AnyTrafficIsLife) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host, 1,
              {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(3)}});
  Instant now = host.now;
  for (int i = 0; i < 10; ++i) {
    now = now + absl::Seconds(1);
    c->HandleTimeout(now);
    EXPECT_EQ(ToHex(TakeOutput(c.get(), now)), "04070450494e470000") << i;
    Feed(c.get(), Hex("0000"), now + absl::Milliseconds(10));
  }
  EXPECT_TRUE(c->status().ok());
}

// H-3, H-4: the peer's time to live, in tenths of a second and wide arithmetic; traffic stops it.
TEST(HeartbeatTest, PeerTimeToLive) {
  const Host host = TestHost();
  auto c = Up(SocketType::kPull, "PUSH", host);
  Feed(c.get(), Hex("0407 0450494e47 0300"), host.now);  // 76.8 s
  c->Process(10, host.now);
  c->HandleTimeout(host.now + absl::Seconds(76));
  EXPECT_TRUE(c->status().ok());
  c->HandleTimeout(host.now + absl::Milliseconds(76800));
  EXPECT_EQ(CauseOf(c->status()), Cause::kHeartbeat);

  auto talks = Up(SocketType::kPull, "PUSH", host);
  Feed(talks.get(), Hex("0407 0450494e47 0300"), host.now);
  talks->Process(10, host.now);
  Feed(talks.get(), Hex("00"), host.now + absl::Seconds(76));
  talks->HandleTimeout(host.now + absl::Hours(1));
  EXPECT_TRUE(talks->status().ok());
}

// H-5: a PING that memory was refused for is not waited for; the next one goes out in its time.
TEST(HeartbeatTest, PingThatWasNotSentIsNotMissed) {
  Host host = TestHost();
  host.budget = Budget::Create(Budget::kUnlimited);
  auto c = Up(SocketType::kPull, "PUSH", host, 1,
              {.heartbeat = {.interval = absl::Seconds(5), .timeout = absl::Seconds(1)}});
  host.budget->set_limit(0);
  c->HandleTimeout(host.now + absl::Seconds(5));
  EXPECT_FALSE(c->wants_transmit());
  c->HandleTimeout(host.now + absl::Seconds(6));
  ASSERT_TRUE(c->status().ok());
  host.budget->set_limit(Budget::kUnlimited);
  EXPECT_EQ(c->NextDeadline(), host.now + absl::Seconds(10));
  c->HandleTimeout(host.now + absl::Seconds(10));
  EXPECT_EQ(ToHex(TakeOutput(c.get(), host.now)), "04070450494e470000");
}

}  // namespace
}  // namespace monocoque
