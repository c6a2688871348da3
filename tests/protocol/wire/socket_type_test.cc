#include "protocol/wire/socket_type.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

constexpr int kTypes = static_cast<int>(SocketType::kChannel) + 1;

// T-3: STREAM speaks no ZMTP, so it fits nothing, itself included.
TEST(SocketTypeTest, CompatibilityIsSymmetricAndStreamHasNone) {
  for (int a = 0; a < kTypes; ++a) {
    const auto x = static_cast<SocketType>(a);
    EXPECT_FALSE(Compatible(x, SocketType::kStream));
    for (int b = 0; b < kTypes; ++b) {
      const auto y = static_cast<SocketType>(b);
      EXPECT_EQ(Compatible(x, y), Compatible(y, x)) << SocketTypeName(x) << SocketTypeName(y);
    }
  }
}

// M-10: null-socket-type-case. Names are exact, and each comes back.
TEST(SocketTypeTest, NamesRoundTripExactly) {
  std::set<std::string> names;
  for (int i = 0; i < kTypes; ++i) {
    const auto type = static_cast<SocketType>(i);
    EXPECT_EQ(ParseSocketType(SocketTypeName(type)), type);
    names.emplace(SocketTypeName(type));
  }
  EXPECT_EQ(names.size(), 20u);
  for (const char* name : {"", "pull", "Pull", "PULL ", " PULL", "PUL", "PULLL", "DGRAM"}) {
    EXPECT_EQ(ParseSocketType(name), std::nullopt) << name;
  }
  EXPECT_EQ(ParseSocketType(std::string_view("PULL\0", 5)), std::nullopt);
}

// M-11, M-13, S-1: who tells an Identity, who subscribes, who is subscribed to; who sends nothing,
// and who receives nothing.
TEST(SocketTypeTest, RolesOfTypes) {
  std::set<std::string> identity, takes, sends, silent, deaf;
  for (int i = 0; i < kTypes; ++i) {
    const auto type = static_cast<SocketType>(i);
    if (SendsIdentity(type)) identity.emplace(SocketTypeName(type));
    if (TakesSubscriptions(type)) takes.emplace(SocketTypeName(type));
    if (SendsSubscriptions(type)) sends.emplace(SocketTypeName(type));
    if (!SendsMessages(type)) silent.emplace(SocketTypeName(type));
    if (!ReceivesMessages(type)) deaf.emplace(SocketTypeName(type));
  }
  EXPECT_EQ(identity, (std::set<std::string>{"DEALER", "REQ", "ROUTER"}));
  EXPECT_EQ(takes, (std::set<std::string>{"PUB", "XPUB"}));
  EXPECT_EQ(sends, (std::set<std::string>{"SUB", "XSUB"}));
  EXPECT_EQ(silent, (std::set<std::string>{"DISH", "GATHER", "PULL", "SUB"}));
  EXPECT_EQ(deaf, (std::set<std::string>{"PUB", "PUSH", "RADIO", "SCATTER"}));
}

// Section 14.2, D-31: the octets of ZMTP 2.0; 9 and 10 are understood and not sent.
TEST(SocketTypeTest, OctetsOfZmtp20) {
  const std::pair<SocketType, std::uint8_t> announced[] = {
      {SocketType::kPair, 0},   {SocketType::kPub, 1},  {SocketType::kSub, 2},
      {SocketType::kReq, 3},    {SocketType::kRep, 4},  {SocketType::kDealer, 5},
      {SocketType::kRouter, 6}, {SocketType::kPull, 7}, {SocketType::kPush, 8},
  };
  for (const auto& [type, octet] : announced) {
    EXPECT_EQ(Zmtp20Octet(type), octet);
    EXPECT_EQ(SocketTypeOfZmtp20Octet(octet), type);
  }
  EXPECT_EQ(Zmtp20Octet(SocketType::kXPub), 1);
  EXPECT_EQ(Zmtp20Octet(SocketType::kXSub), 2);
  EXPECT_EQ(SocketTypeOfZmtp20Octet(9), SocketType::kXPub);
  EXPECT_EQ(SocketTypeOfZmtp20Octet(10), SocketType::kXSub);
  EXPECT_EQ(SocketTypeOfZmtp20Octet(11), std::nullopt);
  EXPECT_EQ(SocketTypeOfZmtp20Octet(255), std::nullopt);
  for (int i = static_cast<int>(SocketType::kStream); i < kTypes; ++i) {
    EXPECT_EQ(Zmtp20Octet(static_cast<SocketType>(i)), std::nullopt) << i;
  }
}

}  // namespace
}  // namespace monocoque
