#ifndef MONOCOQUE_PROTOCOL_WIRE_COMMAND_H_
#define MONOCOQUE_PROTOCOL_WIRE_COMMAND_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"

namespace monocoque {

// Command names (RFC 37, Commands), matched exactly (C-1).
namespace command {

inline constexpr std::string_view kHello = "HELLO";
inline constexpr std::string_view kWelcome = "WELCOME";
inline constexpr std::string_view kInitiate = "INITIATE";
inline constexpr std::string_view kReady = "READY";
inline constexpr std::string_view kError = "ERROR";
inline constexpr std::string_view kMessage = "MESSAGE";
inline constexpr std::string_view kSubscribe = "SUBSCRIBE";
inline constexpr std::string_view kCancel = "CANCEL";
inline constexpr std::string_view kJoin = "JOIN";
inline constexpr std::string_view kLeave = "LEAVE";
inline constexpr std::string_view kPing = "PING";
inline constexpr std::string_view kPong = "PONG";

inline constexpr std::size_t kMaxPingContext = 16;
inline constexpr std::size_t kMaxErrorReason = 255;
inline constexpr std::size_t kMaxGroup = 255;

}  // namespace command

// A command's body: a name and what follows it. Borrowed from the octets it was parsed from.
struct Command {
  std::string_view name;
  Bytes data;
};

// The body of a command frame. Malformed (C-2): an empty name, or one that goes past the end.
absl::StatusOr<Command> ParseCommand(Bytes body);

// Appends a complete command frame; LONG comes from the final size (F-4). `name` has 1 to 255
// octets.
void AppendCommand(std::string* out, std::string_view name, Bytes data);

// S-3: a message's part that is a subscription, 1 and the prefix, or a cancellation, 0 and the
// prefix; for those publishers that take them so.
inline bool IsSubscription(Bytes part) { return !part.empty() && part[0] <= 1; }

struct Ping {
  absl::Duration ttl;  // zero: none
  Bytes context;       // at most 16 octets
};

// The data of PING: two octets of time to live in tenths of a second, then 0 to 16 of context
// (H-2).
absl::StatusOr<Ping> ParsePing(Bytes data);
// `ttl` is rounded down to tenths of a second (H-12) and cut to what two octets hold.
void AppendPing(std::string* out, absl::Duration ttl, Bytes context);
void AppendPong(std::string* out, Bytes context);

// The reason in ERROR's data: a length and so many octets, untrusted; none may follow.
absl::StatusOr<std::string_view> ParseErrorReason(Bytes data);
// A reason beyond 255 octets is cut.
void AppendError(std::string* out, std::string_view reason);

// A group of JOIN or LEAVE: at most 255 octets, none of them zero (J-3).
absl::StatusOr<std::string_view> ParseGroup(Bytes data);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_COMMAND_H_
