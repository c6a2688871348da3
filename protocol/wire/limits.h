#ifndef MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_
#define MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace monocoque {

// Every size that a peer chooses has a limit here, checked before memory is taken for it.
struct Limits {
  // Octets of one frame's body. Default 256 MiB: larger than what applications send in one piece,
  // far below what would hurt a 64-bit host. A larger frame ends the link (F-9).
  std::uint64_t max_frame_bytes = std::uint64_t{256} * 1024 * 1024;
  // Octets of all bodies of one message. Default 256 MiB, so that endless MORE frames end (F-10).
  std::uint64_t max_message_bytes = std::uint64_t{256} * 1024 * 1024;
  // Parts of one message. Default 65,536: a part costs at least two octets here, whatever it holds.
  std::size_t max_parts = 65536;
  // Octets of a command's body in traffic: PING, SUBSCRIBE and the like, within max_frame_bytes.
  // Default 64 KiB.
  std::size_t max_command_bytes = 64 * 1024;
  // What a peer's subscriptions, or groups joined, may take here: the octets of each and 192 for
  // keeping it. Default 32 MiB, some 150,000 short ones. What goes beyond is refused, and told by
  // an event.
  std::size_t max_subscription_bytes = 32 * 1024 * 1024;
  // Octets of a handshake command's body, metadata included; before anybody is authenticated.
  std::size_t max_handshake_bytes = 16 * 1024;
  // Properties in a peer's metadata.
  std::size_t max_properties = 64;

  // A command is a frame, too (F-9).
  std::uint64_t most_command_bytes() const {
    return std::min(max_frame_bytes, std::uint64_t{max_command_bytes});
  }
  // Octets of the longest prefix that one may subscribe to, in whatever form: as many as a
  // SUBSCRIBE has room for, or who has passed it on would be cut off.
  std::size_t max_prefix_bytes() const {
    constexpr std::size_t kName = 16;
    const auto most = static_cast<std::size_t>(most_command_bytes());
    return most > kName ? most - kName : 0;
  }
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_LIMITS_H_
