// A socket's life, alike in each cell: who comes first, who comes back, who goes.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

using LifeTest = CellTest;

// TR-5, ALL-1, E-16: what was sent before anybody listens arrives once somebody does.
TEST_P(LifeTest, ConnectBeforeBind) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  for (int i = 0; i < 3; ++i) Send(push.get(), absl::StrCat(i));
  const auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(i)});
  Did("3 messages sent before the bind arrive in order");
}

// TR-5, ALL-1: the queue survives; the listener comes back and gets what was sent meanwhile.
TEST_P(LifeTest, Reconnect) {
  const auto push = Make(SocketType::kPush, Eager());
  Connect(push.get(), place());
  constexpr int kLives = 3;
  for (int life = 0; life < kLives; ++life) {
    Send(push.get(), absl::StrCat(life));
    const auto pull = Make(SocketType::kPull);
    Bind(pull.get(), place());
    EXPECT_EQ(Receive(pull.get()), Parts{absl::StrCat(life)});
    AwaitPeers(push.get(), 1);
    pull->StartClose(absl::ZeroDuration());
    AwaitPeers(push.get(), 0);
    EXPECT_TRUE(Until([&] { return pull->closed(); }));
  }
  EXPECT_EQ(push->core().stats().reconnects, kLives - 1u);
  EXPECT_EQ(push->core().stats().lost, 0u);
  Did(absl::StrCat("the listener lives ", kLives, " times: ", kLives, " messages arrive, ",
                   kLives - 1, " reconnects, none lost"));
}

INSTANTIATE_TEST_SUITE_P(, LifeTest, ::testing::ValuesIn(CellsOf("LifeTest")), CellName);

}  // namespace
}  // namespace monocoque::conformance
