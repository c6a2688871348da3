#ifndef MONOCOQUE_PROTOCOL_DRIVE_AUTH_H_
#define MONOCOQUE_PROTOCOL_DRIVE_AUTH_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alloc/secret.h"
#include "protocol/drive/peer_process.h"

namespace monocoque {

// Who wants in: what an authenticator is asked (RFC 27, the request). All of it but domain,
// mechanism and process is what the peer says, or where it is: untrusted octets.
struct AuthRequest {
  AuthRequest() = default;
  AuthRequest(const AuthRequest&) = delete;
  AuthRequest& operator=(const AuthRequest&) = delete;
  ~AuthRequest() { Wipe(&password); }

  // As in the options of our side.
  std::string domain;
  // The peer's, as the transport tells it: without a port.
  std::string address;
  // Of a local peer (ipc), by the system's word.
  std::optional<PeerProcess> process;
  // What the peer calls itself, if it has told yet.
  std::string identity;
  // "NULL", "PLAIN", "CURVE"; and by it the credentials:
  std::string mechanism;
  bool by_plain() const { return mechanism == "PLAIN"; }
  bool by_curve() const { return mechanism == "CURVE"; }
  // PLAIN. The password is zeroed when the request dies.
  std::string username;
  std::string password;
  // CURVE: the client's long-term public key, 32 octets, which it has proven to own.
  std::string client_key;
};

// RFC 27's status codes.
enum class AuthStatus {
  kAccepted = 200,
  kTryLater = 300,  // closed without a word, so that the peer tries again
  kRefused = 400,   // told by ERROR
  kFailed = 500,    // the authenticator's own failure; told by ERROR
};

// What the authenticator says (RFC 27, the reply). Nothing but the status's number is ever told to
// the peer.
struct AuthVerdict {
  AuthStatus status = AuthStatus::kRefused;
  // For the log.
  std::string text;
  // Who the peer is, and what else is known of it: see PeerInfo.
  std::string user_id;
  std::vector<std::pair<std::string, std::string>> metadata;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_AUTH_H_
