// Thousands of links on one loop, alike in each cell.
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {
namespace {

constexpr std::size_t kThousands = 2000;

class CrowdTest : public CellTest {
 protected:
  // Each link over a system's transport takes two.
  CrowdTest() { AllowDescriptors(2 * kThousands + 200); }
};

// One socket connects thousands of times; each of its links gets a question, and its answer back.
TEST_P(CrowdTest, ManyLinks) {
  const auto router = Make(SocketType::kRouter);
  const auto dealer = Make(SocketType::kDealer, Eager());
  const std::string at = Bind(router.get(), any());
  for (std::size_t i = 0; i < kThousands; ++i) Connect(dealer.get(), at);
  AwaitPeers(router.get(), kThousands);
  AwaitPeers(dealer.get(), kThousands);
  // ALL-6: sending goes around, so that each link carries one.
  std::set<std::string> askers;
  std::size_t asked = 0, answered = 0;
  EXPECT_TRUE(Until([&] {
    Message message;
    for (; asked < kThousands; ++asked) {
      message = Message("question");
      if (!dealer->TrySend(&message).ok()) break;
    }
    while (router->TryReceive(&message)) {
      askers.emplace(AsText(message.routing_id()));
      EXPECT_TRUE(router->TrySend(&message).ok());
    }
    while (dealer->TryReceive(&message)) ++answered;
    return answered == kThousands;
  })) << askers.size()
      << " asked, " << answered << " were answered";
  EXPECT_EQ(askers.size(), kThousands);
  Did(absl::StrCat(kThousands, " links stand; each carries a question and its answer"));
}

// All go at once, and all come back.
TEST_P(CrowdTest, ManyComeBack) {
  auto pull = Make(SocketType::kPull);
  const auto push = Make(SocketType::kPush, Eager());
  Bind(pull.get(), place());
  for (std::size_t i = 0; i < kThousands; ++i) Connect(push.get(), place());
  AwaitPeers(push.get(), kThousands);
  AwaitPeers(pull.get(), kThousands);
  pull.reset();
  AwaitPeers(push.get(), 0);
  pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  AwaitPeers(push.get(), kThousands);
  EXPECT_EQ(push->stats().reconnects, kThousands);
  Did(absl::StrCat(kThousands, " links are cut at once, and all come back"));
}

// Each link on a socket of its own.
TEST_P(CrowdTest, HundredsOfSockets) {
  constexpr std::size_t kSockets = 200;
  const auto rep = Make(SocketType::kRep);
  const std::string at = Bind(rep.get(), any());
  std::vector<std::unique_ptr<FaceSocket>> reqs;
  for (std::size_t i = 0; i < kSockets; ++i) {
    reqs.push_back(Make(SocketType::kReq));
    Connect(reqs.back().get(), at);
    Send(reqs.back().get(), absl::StrCat(i));
  }
  for (std::size_t i = 0; i < kSockets; ++i) Send(rep.get(), Receive(rep.get()));
  for (std::size_t i = 0; i < kSockets; ++i) {
    EXPECT_EQ(Receive(reqs[i].get()), Parts{absl::StrCat(i)});
  }
  Did("200 sockets ask one, and each gets its own answer");
}

INSTANTIATE_TEST_SUITE_P(, CrowdTest, ::testing::ValuesIn(CellsOf("CrowdTest")), CellName);

}  // namespace
}  // namespace monocoque::conformance
