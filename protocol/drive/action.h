#ifndef MONOCOQUE_PROTOCOL_DRIVE_ACTION_H_
#define MONOCOQUE_PROTOCOL_DRIVE_ACTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "protocol/drive/auth.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/peer_process.h"
#include "protocol/drive/transport_options.h"

namespace monocoque {

// What a link wants to read now.
enum class ReadMode {
  kPaused,  // nothing: a mark or a budget is reached, or the link is over
  kAny,     // whatever comes, by window or by donation
  kDirect,  // the rest of one large frame, straight into its own block: a window, no donation,
            // please
};

struct ReadHint {
  ReadMode mode = ReadMode::kAny;
  std::size_t bytes = 0;  // kDirect: how many octets the frame still lacks

  friend bool operator==(const ReadHint&, const ReadHint&) = default;
};

// How a transport is to be closed.
enum class CloseMode {
  kGraceful,  // shut writing down, discard input until the end of stream or one second, then close
  kAbort,     // close now
};

// What is known of a transport once it stands.
struct TransportInfo {
  std::string local;   // endpoint text, "tcp://127.0.0.1:5555"
  std::string remote;  // endpoint text; for ipc the path that both know, if the peer has none
  std::optional<PeerProcess> process;  // of a local peer, where the system tells
};

// What a machine asks its driver to do. Each is asked once and never dropped; what comes of it
// returns as a fact (OnDialed, OnListenFailed ...) with the same id.
namespace action {

// Open a transport to `endpoint`. A name is resolved anew for each attempt.
struct Dial {
  LinkId link;
  DialerId dialer;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const TransportOptions> transport;
  std::uint32_t attempt = 0;  // of this dialer; its first is 0
};
// Listen at `endpoint` and accept.
struct Listen {
  ListenerId listener;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const TransportOptions> transport;
};
// Stop listening and release the address.
struct Unlisten {
  ListenerId listener;
};
// Accept further connections, or leave them in the backlog.
struct Accepting {
  ListenerId listener;
  bool on = true;
};
// The link's read hint changed.
struct Read {
  LinkId link;
  ReadHint hint;
};
// Close the link's transport, or cancel its dial. Of this link only ReturnBatch is still owed.
struct CloseLink {
  LinkId link;
  CloseMode mode = CloseMode::kGraceful;
};

// May the link's peer come in? Authorize has the answer, at once or later; the deadline of the
// handshake goes on meanwhile.
struct Authenticate {
  LinkId link;
  std::shared_ptr<const AuthRequest> request;
};

}  // namespace action

using Action = std::variant<action::Dial, action::Listen, action::Unlisten, action::Accepting,
                            action::Read, action::CloseLink, action::Authenticate>;

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_ACTION_H_
