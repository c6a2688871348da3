#ifndef MONOCOQUE_PROTOCOL_MECHANISM_ZAP_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_ZAP_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "protocol/drive/auth.h"
#include "protocol/wire/message.h"

namespace monocoque {

// ZAP (RFC 27): what an authenticator is asked, and what it says, as messages. Without the empty
// delimiter in front, which REQ and REP put there and take off by themselves.

// Where a handler listens.
inline constexpr std::string_view kZapEndpoint = "inproc://zeromq.zap.01";

// `id`: comes back in the reply; any octets.
Message ZapRequest(const AuthRequest& request, std::string_view id);

// What the handler decided. Invalid argument (Z-3): another number of frames, another version or
// id, a status that is none of the four, metadata that does not parse.
absl::StatusOr<AuthVerdict> ParseZapReply(const Message& reply, std::string_view id);

// The same, for who has to decide at once: what is no reply lets nobody in, without a word.
AuthVerdict ZapVerdict(const Message& reply, std::string_view id);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_ZAP_H_
