#include "protocol/wire/socket_type.h"

#include <array>
#include <cstddef>
#include <utility>

namespace monocoque {
namespace {

using enum SocketType;

constexpr std::array<std::string_view, 20> kNames = {
    "PAIR",  "PUB",  "SUB",    "REQ",     "REP",    "DEALER", "ROUTER",
    "PULL",  "PUSH", "XPUB",   "XSUB",    "STREAM", "SERVER", "CLIENT",
    "RADIO", "DISH", "GATHER", "SCATTER", "PEER",   "CHANNEL"};

// Each pair once, in either order.
constexpr std::array<std::pair<SocketType, SocketType>, 17> kPairs = {{
    {kReq, kRep},
    {kReq, kRouter},
    {kRep, kDealer},
    {kDealer, kDealer},
    {kDealer, kRouter},
    {kRouter, kRouter},
    {kPub, kSub},
    {kPub, kXSub},
    {kXPub, kSub},
    {kXPub, kXSub},
    {kPush, kPull},
    {kPair, kPair},
    {kClient, kServer},
    {kRadio, kDish},
    {kScatter, kGather},
    {kPeer, kPeer},
    {kChannel, kChannel},
}};

// By octet. What lies beyond the announced ones is only understood.
constexpr std::array<SocketType, 11> kZmtp20 = {kPair,   kPub,  kSub,  kReq,  kRep, kDealer,
                                                kRouter, kPull, kPush, kXPub, kXSub};
constexpr std::size_t kZmtp20Announced = 9;

}  // namespace

std::string_view SocketTypeName(SocketType type) { return kNames[static_cast<std::size_t>(type)]; }

std::optional<SocketType> ParseSocketType(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<SocketType>(i);
  }
  return std::nullopt;
}

bool Compatible(SocketType a, SocketType b) {
  for (const auto& [x, y] : kPairs) {
    if ((x == a && y == b) || (x == b && y == a)) return true;
  }
  return false;
}

std::optional<std::uint8_t> Zmtp20Octet(SocketType type) {
  if (type == kXPub) type = kPub;
  if (type == kXSub) type = kSub;
  for (std::size_t i = 0; i < kZmtp20Announced; ++i) {
    if (kZmtp20[i] == type) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

std::optional<SocketType> SocketTypeOfZmtp20Octet(std::uint8_t octet) {
  if (octet >= kZmtp20.size()) return std::nullopt;
  return kZmtp20[octet];
}

bool SendsIdentity(SocketType type) { return type == kReq || type == kDealer || type == kRouter; }

}  // namespace monocoque
