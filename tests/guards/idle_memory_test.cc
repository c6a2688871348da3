// What an idle link costs: at most 4 KiB, in the core alone and on each adapter with all that its
// runtime takes for it, whichever side dialed.
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/adapter_face.h"
#include "tests/support/idle_adapter_links.h"
#include "tests/support/idle_links.h"

namespace monocoque::testing {
namespace {

constexpr double kMaxBytes = 4096;

struct Case {
  SocketType type, peer;
};

class IdleMemoryTest : public ::testing::TestWithParam<Case> {};

TEST_P(IdleMemoryTest, AnAcceptedLinkIsSmall) {
  const LinkMemory memory = MeasureAcceptedLinks(GetParam().type, GetParam().peer);
  EXPECT_LE(memory.bytes, kMaxBytes) << memory.allocations << " allocations a link";
  EXPECT_GT(memory.bytes, 100) << "the count sees no links";
}

TEST_P(IdleMemoryTest, ADialedLinkIsSmall) {
  const LinkMemory memory = MeasureDialedLinks(GetParam().type, GetParam().peer);
  EXPECT_LE(memory.bytes, kMaxBytes) << memory.allocations << " allocations a link";
  EXPECT_GT(memory.bytes, 100) << "the count sees no links";
}

INSTANTIATE_TEST_SUITE_P(Types, IdleMemoryTest,
                         ::testing::Values(Case{SocketType::kPull, SocketType::kPush},
                                           Case{SocketType::kPush, SocketType::kPull},
                                           Case{SocketType::kDealer, SocketType::kRouter},
                                           Case{SocketType::kRouter, SocketType::kDealer},
                                           Case{SocketType::kRep, SocketType::kReq},
                                           Case{SocketType::kReq, SocketType::kRep},
                                           Case{SocketType::kPub, SocketType::kSub},
                                           Case{SocketType::kSub, SocketType::kPub}),
                         [](const auto& info) {
                           return std::string(SocketTypeName(info.param.type));
                         });

class AdapterIdleMemoryTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(AdapterIdleMemoryTest, AnAcceptedLinkIsSmall) {
  const auto memory = MeasureAcceptedLinks(GetParam());
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_LE(memory->bytes, kMaxBytes) << memory->allocations << " allocations a link";
  EXPECT_GT(memory->bytes, 100) << "the count sees no links";
}

TEST_P(AdapterIdleMemoryTest, ADialedLinkIsSmall) {
  const auto memory = MeasureDialedLinks(GetParam());
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_LE(memory->bytes, kMaxBytes) << memory->allocations << " allocations a link";
  EXPECT_GT(memory->bytes, 100) << "the count sees no links";
}

INSTANTIATE_TEST_SUITE_P(Adapters, AdapterIdleMemoryTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& info) { return AdapterTestName(info.param); });

}  // namespace
}  // namespace monocoque::testing
