// Commands among messages.
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "protocol/connection/connection.h"
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

}  // namespace
}  // namespace monocoque
