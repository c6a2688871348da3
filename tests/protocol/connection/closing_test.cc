// Connections that are over for us and still have something to write.
#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/cause.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Feed;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TestHost;
using ::monocoque::testing::Up;

constexpr std::size_t kPiece = 20'000;

// A PUSH whose peer was sent 100,000 octets, and then closed; one batch is out.
class ClosingTest : public ::testing::Test {
 protected:
  void Begin(absl::Duration closing_timeout) {
    connection = Up(SocketType::kPush, "PULL", host, 1, {.closing_timeout = closing_timeout});
    Message message(std::string(100'000, 'x'));
    ASSERT_TRUE(connection->Send(&message, now).ok());
    ASSERT_TRUE(connection->FillTransmit(&batch, kPiece));
    // Long after whatever it saw last.
    now = now + absl::Hours(1);
    connection->Close(now);
    ASSERT_EQ(connection->state(), ConnectionState::kClosing);
  }
  void Pass(absl::Duration by) {
    now = now + by;
    connection->HandleTimeout(now);
  }
  void Written(std::size_t bytes) {
    batch.Advance(bytes);
    connection->ReturnBatch(std::move(batch), bytes, absl::OkStatus(), now);
    connection->FillTransmit(&batch, kPiece);
  }

  const Host host = TestHost();
  Instant now = host.now;
  TransmitBatch batch;
  std::unique_ptr<Connection> connection;
};

TEST_F(ClosingTest, WhoTakesNothingIsGivenUp) {
  Begin(absl::Seconds(30));
  EXPECT_EQ(connection->NextDeadline(), now + absl::Seconds(30));
  Pass(absl::Seconds(29));
  EXPECT_FALSE(connection->done());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(connection->done());
  EXPECT_FALSE(connection->wants_transmit());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kLocal) << "why it ended stays";
  // What the peer was about to get is cut.
  connection->ReturnBatch(std::move(batch), 10, absl::UnavailableError("closed"), now);
  Message message;
  EXPECT_FALSE(connection->TakeUnsent(&message));
  EXPECT_EQ(connection->cut_messages(), 1u);
  EXPECT_TRUE(connection->NextDeadline().is_never());
}

TEST_F(ClosingTest, EachWriteGivesItsTimeAnew) {
  Begin(absl::Seconds(30));
  for (int i = 0; i < 5; ++i) {
    Pass(absl::Seconds(20));
    ASSERT_FALSE(connection->done()) << i;
    Written(kPiece);
    ASSERT_EQ(connection->NextDeadline(), now + absl::Seconds(30));
  }
  // One of nothing does not.
  Pass(absl::Seconds(20));
  Written(0);
  Pass(absl::Seconds(10));
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(connection->cut_messages(), 0u) << "its batch is out";
}

TEST_F(ClosingTest, ItWaitsForEverWhereNoDeadlineIsAskedFor) {
  for (const bool lingers : {true, false}) {
    Begin(lingers ? absl::Seconds(30) : absl::ZeroDuration());
    if (lingers) connection->Linger();
    EXPECT_TRUE(connection->NextDeadline().is_never());
    Pass(absl::Hours(10'000));
    Written(kPiece);
    Pass(absl::Hours(10'000));
    EXPECT_EQ(connection->state(), ConnectionState::kClosing);
    for (int i = 0; i < 10 && !connection->done(); ++i) Written(batch.remaining());
    EXPECT_TRUE(connection->done());
  }
}

// G-6: a peer that does not read what is wrong with it is not waited for either.
TEST_F(ClosingTest, AnErrorThatNobodyReads) {
  connection = *Connection::Create({.socket_type = SocketType::kPush}, host);
  Feed(connection.get(), PeerGreeting() + PeerReady("PUB"), now);
  connection->Process(10, now);
  ASSERT_EQ(connection->state(), ConnectionState::kClosing);
  Pass(absl::Seconds(29));
  EXPECT_FALSE(connection->done());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(connection->done());
  EXPECT_EQ(CauseOf(connection->status()), Cause::kPeerIncompatible);
}

}  // namespace
}  // namespace monocoque
