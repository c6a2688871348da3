#ifndef MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_
#define MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace monocoque {

// Every size that a peer chooses has a limit here, checked before memory is taken for it. Each has
// a least value, below which no peer of the type could be served; less is refused where a socket or
// a connection is made.
struct Limits {
  // Octets of one frame's body. Default 256 MiB: larger than what applications send in one piece,
  // far below what would hurt a 64-bit host. A larger frame ends the link (F-9). At least 1; of
  // PUB, XPUB and RADIO as max_command_bytes. The handshake's commands are frames, too: with less
  // than some 50 nobody gets in, with less than 512 perhaps not everybody.
  std::uint64_t max_frame_bytes = std::uint64_t{256} * 1024 * 1024;
  // Octets of all bodies of one message. Default 256 MiB, so that endless MORE frames end (F-10).
  // At least 1.
  std::uint64_t max_message_bytes = std::uint64_t{256} * 1024 * 1024;
  // Parts of one message. Default 65,536: a part costs at least two octets here, whatever it holds.
  // At least 1; of REQ, REP and DISH 2, since something stands in front of each message.
  std::size_t max_parts = 65536;
  // Octets of a command's body in traffic: PING, SUBSCRIBE and the like, within max_frame_bytes.
  // Default 64 KiB. At least 32, as a PING may need; of RADIO 271, as a group may.
  std::size_t max_command_bytes = 64 * 1024;
  // What a peer's subscriptions, or groups joined, may take here: the octets of each and 336 for
  // keeping it. Default 32 MiB, some 95,000 short ones. What goes beyond is refused, and told by
  // an event. At least 336, for PUB, XPUB and RADIO.
  std::size_t max_subscription_bytes = 32 * 1024 * 1024;
  // Octets of a handshake command's body, metadata included; before anybody is authenticated. At
  // least 512; with a PLAIN name and password, or a routing id, of 255 octets it may take 547.
  std::size_t max_handshake_bytes = 16 * 1024;
  // Properties in a peer's metadata. At least 2: Socket-Type and Identity.
  std::size_t max_properties = 64;

  // What is left for a command's name before a prefix or a group.
  static constexpr std::size_t kNameBytes = 16;

  // A command is a frame, too (F-9).
  constexpr std::uint64_t most_command_bytes() const {
    return std::min(max_frame_bytes, std::uint64_t{max_command_bytes});
  }
  // Octets of the longest prefix that one may subscribe to, in whatever form: as many as a
  // SUBSCRIBE has room for, or who has passed it on would be cut off.
  constexpr std::size_t max_prefix_bytes() const {
    const auto most = static_cast<std::size_t>(most_command_bytes());
    return most > kNameBytes ? most - kNameBytes : 0;
  }
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_
