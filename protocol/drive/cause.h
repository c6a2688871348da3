#ifndef MONOCOQUE_PROTOCOL_DRIVE_CAUSE_H_
#define MONOCOQUE_PROTOCOL_DRIVE_CAUSE_H_

#include <string_view>

#include "absl/status/status.h"

namespace monocoque {

// Why a connection ended, and who is to blame.
enum class Cause {
  kNone,              // the status carries no cause
  kPeerViolation,     // the peer broke the protocol
  kPeerIncompatible,  // the peer keeps the protocol, but does not fit: version, mechanism, socket
                      // type
  kPeerRejectedUs,    // the peer sent ERROR
  kWeRejectedPeer,    // we refused the peer: authentication, an identity in use
  kTimeout,           // the handshake's deadline passed
  kHeartbeat,         // the peer fell silent, or we were for longer than it allows
  kDial,              // no transport came to stand
  kTransport,         // the transport ended or failed
  kLimit,  // we have no room for the peer (a second one of PAIR, memory), or its handshake
           // is over a limit; what is too large in traffic is a violation
  kLocal,  // our application closed
};

// "peer violation", "timeout" ...
std::string_view CauseName(Cause cause);

// A terminal status: `sentence` says what was wrong, where, and what to do; the cause rides as
// payload.
absl::Status TerminalStatus(Cause cause, std::string_view sentence);
Cause CauseOf(const absl::Status& status);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_CAUSE_H_
