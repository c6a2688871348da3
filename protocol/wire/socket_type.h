#ifndef MONOCOQUE_PROTOCOL_WIRE_SOCKET_TYPE_H_
#define MONOCOQUE_PROTOCOL_WIRE_SOCKET_TYPE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace monocoque {

enum class SocketType : std::uint8_t {
  kPair,
  kPub,
  kSub,
  kReq,
  kRep,
  kDealer,
  kRouter,
  kPull,
  kPush,
  kXPub,
  kXSub,
  kStream,
  kServer,
  kClient,
  kRadio,
  kDish,
  kGather,
  kScatter,
  kPeer,
  kChannel,
};

// As in the Socket-Type property: "DEALER".
std::string_view SocketTypeName(SocketType type);
// Upper case, exactly (M-10); nothing for an unknown name.
std::optional<SocketType> ParseSocketType(std::string_view name);
// May the two talk to each other (RFC 37, Socket Types)? Symmetric. STREAM fits nothing (T-3).
bool Compatible(SocketType a, SocketType b);
// REQ, DEALER and ROUTER tell their Identity, empty if they have none (M-11).
bool SendsIdentity(SocketType type);
// The octet that stands for the type in a ZMTP 2.0 greeting (RFC 15); XPUB and XSUB announce PUB
// and SUB, draft types and STREAM have none.
std::optional<std::uint8_t> Zmtp20Octet(SocketType type);
// And back; 9 and 10, which libzmq announces for XPUB and XSUB, are taken too.
std::optional<SocketType> SocketTypeOfZmtp20Octet(std::uint8_t octet);
// Subscriptions come in: PUB, XPUB.
constexpr bool TakesSubscriptions(SocketType type) {
  return type == SocketType::kPub || type == SocketType::kXPub;
}
// Subscriptions go out: SUB, XSUB.
constexpr bool SendsSubscriptions(SocketType type) {
  return type == SocketType::kSub || type == SocketType::kXSub;
}
// Messages go out: all but SUB, PULL, DISH, GATHER.
constexpr bool SendsMessages(SocketType type) {
  return type != SocketType::kSub && type != SocketType::kPull && type != SocketType::kDish &&
         type != SocketType::kGather;
}
// Messages come in: all but PUB, PUSH, RADIO, SCATTER.
constexpr bool ReceivesMessages(SocketType type) {
  return type != SocketType::kPub && type != SocketType::kPush && type != SocketType::kRadio &&
         type != SocketType::kScatter;
}

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_SOCKET_TYPE_H_
