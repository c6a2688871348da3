// A write failed: the peer takes nothing more, but what it sent before it went is still here.
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "protocol/drive/host.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::Up;

constexpr char kOne[] = "\x00\x03one";
constexpr char kTwo[] = "\x00\x03two";

class FailedWriteTest : public ::testing::Test {
 protected:
  void Begin(absl::Duration closing_timeout = absl::Seconds(30)) {
    connection = Up(SocketType::kDealer, "DEALER", host, 1, {.closing_timeout = closing_timeout});
  }
  void Fail() {
    TransmitBatch batch;
    ASSERT_TRUE(connection->FillTransmit(&batch, 1 << 20));
    connection->ReturnBatch(std::move(batch), 0, absl::UnavailableError("reset"), now);
  }
  void SendAndFail() {
    Message message("lost");
    ASSERT_TRUE(connection->Send(&message, now).ok());
    Fail();
  }
  void Pass(absl::Duration by) {
    now = now + by;
    connection->HandleTimeout(now);
  }
  // The next message; empty if there is none.
  std::string Next() {
    Message message;
    for (Poll poll; (poll = connection->Receive(&message, now)) != Poll::kNeedData;) {
      if (poll == Poll::kMessage) return std::string(message.text());
      for (ConnectionEvent event; connection->NextEvent(&event);) {
      }
    }
    return "";
  }
  void Come(std::string_view octets) { Feed(connection.get(), octets, now); }

  const Host host = TestHost();
  Instant now = host.now;
  std::unique_ptr<Connection> connection;
};

TEST_F(FailedWriteTest, WhatThePeerSentIsStillRead) {
  Begin();
  SendAndFail();
  EXPECT_TRUE(connection->status().ok()) << connection->status();
  EXPECT_EQ(connection->read_hint().mode, ReadMode::kAny);
  Come(std::string(kOne, 5) + std::string(kTwo, 5));
  EXPECT_EQ(Next(), "one");
  EXPECT_EQ(Next(), "two");
  connection->OnTransportClosed(absl::OkStatus(), now);
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kTransport);
  Message message;
  ASSERT_TRUE(connection->TakeUnsent(&message)) << "it goes to the next connection";
  EXPECT_EQ(message.text(), "lost");
}

TEST_F(FailedWriteTest, NothingMoreIsWritten) {
  Begin();
  SendAndFail();
  Message message("more");
  EXPECT_TRUE(connection->Send(&message, now).ok()) << "it waits for the next connection";
  // H-1: a PING is answered to nobody.
  Come(std::string("\x04\x07\x04PING\x00\x00", 9));
  connection->Process(100, now);
  TransmitBatch batch;
  EXPECT_FALSE(connection->wants_transmit());
  EXPECT_FALSE(connection->FillTransmit(&batch, 1 << 20));
  EXPECT_TRUE(connection->status().ok()) << connection->status();
  connection->OnTransportClosed(absl::OkStatus(), now);
  for (const char* text : {"lost", "more"}) {
    ASSERT_TRUE(connection->TakeUnsent(&message));
    EXPECT_EQ(message.text(), text);
  }
  EXPECT_FALSE(connection->TakeUnsent(&message));
}

// Whatever comes: or a peer that talks and takes nothing would keep what was sent to it.
TEST_F(FailedWriteTest, ItEndsInTime) {
  for (const int seconds : {30, 5, 0}) {
    Begin(absl::Seconds(seconds));
    SendAndFail();
    const absl::Duration patience = absl::Seconds(seconds == 0 ? 30 : seconds);
    EXPECT_EQ(connection->NextDeadline(), now + patience);
    Pass(patience - absl::Seconds(1));
    Come(std::string(kOne, 5));
    EXPECT_TRUE(connection->status().ok()) << connection->status();
    Pass(absl::Seconds(1));
    EXPECT_TRUE(connection->done());
    EXPECT_EQ(CauseOf(connection->status()), Cause::kTransport);
    EXPECT_EQ(connection->status().message(), "reset") << "why the write failed";
    EXPECT_EQ(Next(), "one") << "what was received stays to be taken";
    EXPECT_EQ(Next(), "");
    EXPECT_TRUE(connection->NextDeadline().is_never());
  }
}

// An orderly end behind it does not say why; a reset does.
TEST_F(FailedWriteTest, WhyItEnded) {
  for (const absl::Status& why : {absl::OkStatus(), absl::UnavailableError("cut off")}) {
    Begin();
    SendAndFail();
    connection->OnTransportClosed(why, now);
    EXPECT_EQ(connection->status().message(), why.ok() ? "reset" : "cut off");
  }
}

// H-5: it is still judged by what comes, as any other, and no PING is written. What failed is why
// it ended.
TEST_F(FailedWriteTest, ASilentPeerIsLost) {
  connection = Up(SocketType::kDealer, "DEALER", host, 1,
                  {.heartbeat = {.interval = absl::Seconds(1), .timeout = absl::Seconds(2)}});
  SendAndFail();
  const std::size_t unsent = connection->unsent_bytes();
  Pass(absl::Seconds(1));
  Pass(absl::Seconds(1));
  EXPECT_TRUE(connection->status().ok()) << connection->status();
  EXPECT_EQ(connection->unsent_bytes(), unsent) << "the message, and no PING";
  Pass(absl::Seconds(1));
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kTransport);
  EXPECT_EQ(connection->status().message(), "reset");
}

// A closing socket waits for what is written, and not for who takes nothing.
TEST_F(FailedWriteTest, NobodyLingersForIt) {
  for (const bool before : {true, false}) {
    Begin();
    if (before) connection->Linger();
    SendAndFail();
    if (!before) {
      connection->Linger();
      EXPECT_LE(connection->NextDeadline(), now);
      connection->HandleTimeout(now);
    }
    EXPECT_TRUE(connection->done());
  }
}

// A peer that says all it has to say and goes: our half of the handshake does not reach it.
TEST_F(FailedWriteTest, InTheHandshake) {
  connection = *Connection::Create({.socket_type = SocketType::kPull}, host);
  Fail();
  EXPECT_EQ(connection->state(), ConnectionState::kHandshake);
  Come(PeerGreeting() + PeerReady("PUSH") + std::string(kOne, 5));
  EXPECT_EQ(Next(), "one");
  EXPECT_FALSE(connection->wants_transmit());
  connection->OnTransportClosed(absl::OkStatus(), now);
  EXPECT_TRUE(connection->done());
}

// The handshake's own deadline is the earlier one.
TEST_F(FailedWriteTest, InAHandshakeThatDoesNotGoOn) {
  for (const bool early : {true, false}) {
    ConnectionOptions options = {.socket_type = SocketType::kPull};
    options.handshake_timeout = early ? absl::Seconds(10) : absl::Hours(1);
    connection = *Connection::Create(options, Host(host));
    now = host.now;
    Fail();
    EXPECT_EQ(connection->NextDeadline(), now + absl::Seconds(early ? 10 : 30));
    Pass(absl::Seconds(early ? 10 : 30));
    EXPECT_TRUE(connection->done());
    EXPECT_EQ(CauseOf(connection->status()), early ? Cause::kTimeout : Cause::kTransport);
  }
}

TEST_F(FailedWriteTest, ClosedByUsThereIsNothingToWaitFor) {
  Begin();
  SendAndFail();
  connection->Close(now);
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kLocal);
}

// What is left to write of a connection that is over goes nowhere: then it is done at once.
TEST_F(FailedWriteTest, BehindTheEnd) {
  Begin();
  Message message("last");
  ASSERT_TRUE(connection->Send(&message, now).ok());
  connection->Close(now);
  ASSERT_EQ(connection->state(), ConnectionState::kClosing);
  Fail();
  EXPECT_TRUE(connection->done());
}

// A peer that breaks the rules is not told, but it is over.
TEST_F(FailedWriteTest, AViolationBehindIt) {
  Begin();
  SendAndFail();
  Come("\x08");
  EXPECT_EQ(Next(), "");
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kPeerViolation);
}

}  // namespace
}  // namespace monocoque
