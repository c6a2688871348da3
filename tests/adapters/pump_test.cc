// The drain loop by itself, on a bare Socket: slices of work and of time.
#include "adapters/pump.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TestHost;

// One link that somebody reached; what is written is thrown away.
class PumpTest : public ::testing::Test, public PumpDriver {
 protected:
  PumpTest() {
    const ListenerId listener = *pull_.Bind(*ParseEndpoint("sim://here"), now_);
    link_ = *pull_.OnAccepted(listener, {"sim", "sim"}, now_);
    Say(PeerGreeting() + PeerReady("PUSH"));
    EXPECT_FALSE(pump_.Turn(now_));
    EXPECT_EQ(pull_.ready_peers(), 1u);
    written_ = 0;
  }
  void Say(const std::string& octets) {
    ASSERT_TRUE(pull_.Donate(link_, Slice::Copy(octets), now_).ok());
  }
  // So many messages, and behind them a PING: its answer is written once all were looked at.
  void SayMany(std::size_t count) {
    std::string octets;
    for (std::size_t i = 0; i < count; ++i) octets += Hex("0001 61");
    Say(octets + Hex("04 07 04 50494e47 0000"));
  }

  void Do(const action::Dial&) override {}
  void Do(const action::Listen&) override {}
  void Do(const action::Unlisten&) override {}
  void Do(const action::Accepting&) override {}
  void Do(const action::Read&) override {}
  void Do(const action::CloseLink&) override {}
  void Write(LinkId link, TransmitBatch batch) override {
    const std::size_t bytes = batch.remaining();
    written_ += bytes;
    pull_.ReturnBatch(link, std::move(batch), bytes, absl::OkStatus(), now_);
  }

  const Host host_ = TestHost();
  Instant now_ = host_.now;
  Socket pull_ = *Socket::Create(SocketType::kPull, {}, host_);
  Pump<Socket> pump_{&pull_, this};
  LinkId link_;
  std::size_t written_ = 0;
};

TEST_F(PumpTest, ASliceOfWorkLooksAtSoManyFrames) {
  SayMany(999);
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(pump_.Turn(now_, 100)) << i;
    EXPECT_EQ(written_, 0u) << i;
  }
  pump_.Turn(now_, 100);
  EXPECT_EQ(written_, 7u) << "the PING is the thousandth";
  EXPECT_FALSE(pump_.Turn(now_, 100));
}

TEST_F(PumpTest, ASliceOfTimeEndsInTime) {
  SayMany(20 * Pump<Socket>::kFramesAStep);
  int looks = 0;
  const auto clock = [&] {
    ++looks;
    return now_ = now_ + absl::Milliseconds(1);
  };
  int slices = 0;
  // Five turns, and a look at the clock before the first and behind each.
  while (pump_.PollUntil(now_ + absl::Milliseconds(6), clock)) {
    ++slices;
    ASSERT_LE(slices, 20);
    EXPECT_EQ(looks, slices * 6);
  }
  EXPECT_EQ(slices, 4);
  EXPECT_EQ(written_, 7u);
}

TEST_F(PumpTest, ASliceOfNoTimeIsOneTurn) {
  SayMany(2 * Pump<Socket>::kFramesAStep);
  const auto clock = [&] { return now_; };
  EXPECT_TRUE(pump_.PollUntil(now_, clock));
  EXPECT_TRUE(pump_.PollUntil(now_, clock));
  EXPECT_FALSE(pump_.PollUntil(now_, clock));
  EXPECT_EQ(written_, 7u);
}

}  // namespace
}  // namespace monocoque
