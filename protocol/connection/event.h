#ifndef MONOCOQUE_PROTOCOL_CONNECTION_EVENT_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_EVENT_H_

#include <memory>

#include "absl/status/status.h"
#include "alloc/slice.h"
#include "protocol/drive/auth.h"

namespace monocoque {

// Something that happened on a connection besides messages.
struct ConnectionEvent {
  enum class Kind {
    kReady,      // the handshake is over; see Connection::peer()
    kSubscribe,  // PUB, XPUB: the peer subscribed to `data`, in either form (S-2); one of ZMTP 1.0
                 // to everything, by being there (S-9)
    kUnsubscribe,   // PUB, XPUB: the peer cancelled `data`
    kJoin,          // RADIO: the peer joined the group `data`
    kLeave,         // RADIO: the peer left the group `data`
    kAuthenticate,  // may this peer come in? Connection::Authorize has the answer to `auth`
    kClosed,        // the connection is over for the reason in `status`; the last event
  };

  Kind kind = Kind::kReady;
  Slice data;
  absl::Status status;
  std::shared_ptr<const AuthRequest> auth = nullptr;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_EVENT_H_
