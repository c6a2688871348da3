#ifndef MONOCOQUE_FUZZ_STAMPED_H_
#define MONOCOQUE_FUZZ_STAMPED_H_

#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "protocol/drive/ids.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"

namespace monocoque::fuzz {

// A message that says who sent it, and that it is whole: from its first octets all others follow.
// `number` tells it from all others of its origin; `kind`, up to 15, is its form and size.
Message MakeStamped(char origin, std::uint32_t number, unsigned kind);
// One that a socket of this type may send: of one part, or for a group, where there is no other.
Message MakeStampedFor(SocketType type, char origin, std::uint32_t number, unsigned kind);

// The group that all of RADIO's are for.
inline constexpr std::string_view kStampedGroup = "g";

// A message for each peer that takes it: who has several links may receive it on each.
bool FansOut(SocketType sender);

// XPUB receives subscriptions as messages, which nobody stamped.
bool IsNotice(SocketType receiver, const Message& message);

// What arrived somewhere. Aborts if a message is not whole, comes twice (from one peer, where the
// sender fans out), or comes in front of one that was sent earlier over the same peer.
class Arrivals {
 public:
  explicit Arrivals(SocketType sender) : fans_out_(FansOut(sender)) {}

  void Check(PeerId from, const Message& message);

 private:
  const bool fans_out_;
  std::set<std::pair<char, std::uint32_t>> seen_;
  std::map<std::pair<PeerId, char>, std::uint32_t> last_;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_STAMPED_H_
