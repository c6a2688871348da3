#ifndef MONOCOQUE_PROTOCOL_MECHANISM_OPTIONS_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_OPTIONS_H_

#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "alloc/secret.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/curve_keys.h"

namespace monocoque {

// How two peers make sure of each other. Both sides need the same mechanism; who of them is the
// security server has nothing to do with who listens.
//
// A server that has to know who its peers are has an authenticator asked (action::Authenticate),
// and lets nobody in where there is none.

// No security at all. With a domain an authenticator is asked about each peer, by its address
// alone (libzmq: ZAP_DOMAIN).
struct NullMechanism {
  std::string domain;
};

// Name and password, in clear: for trusted networks and secure transports (libzmq: PLAIN_USERNAME,
// PLAIN_PASSWORD). Each of 0 to 255 octets.
struct PlainClient {
  std::string username;
  SecretText password;
};

// Lets in whom the authenticator accepts (libzmq: PLAIN_SERVER, ZAP_DOMAIN).
struct PlainServer {
  std::string domain;
};

// Every message encrypted and authenticated, with keys that are thrown away with the connection
// (libzmq: CURVE_SERVERKEY, CURVE_PUBLICKEY, CURVE_SECRETKEY).
struct CurveClient {
  // The server's; no other is talked to.
  PublicKey server_key{};
  // Ours.
  CurveKeyPair keys;
  // The cryptography: sodium::MakeCrypto().
  std::shared_ptr<const Crypto> crypto;
};

// (libzmq: CURVE_SERVER, CURVE_SECRETKEY, ZAP_DOMAIN.)
struct CurveServer {
  CurveKeyPair keys;
  std::shared_ptr<const Crypto> crypto;
  std::string domain;
  // Nobody is asked: each client is let in that knows our public key, whoever it is. Not with a
  // domain, which somebody is asked about.
  bool allow_any_key = false;
};

using MechanismOptions =
    std::variant<NullMechanism, PlainClient, PlainServer, CurveClient, CurveServer>;

// As std::visit, which can throw.
template <typename Visitor>
auto VisitMechanism(const MechanismOptions& options, Visitor&& visitor) {
  if (const auto* plain = std::get_if<PlainClient>(&options)) return visitor(*plain);
  if (const auto* plain = std::get_if<PlainServer>(&options)) return visitor(*plain);
  if (const auto* curve = std::get_if<CurveClient>(&options)) return visitor(*curve);
  if (const auto* curve = std::get_if<CurveServer>(&options)) return visitor(*curve);
  const auto* null = std::get_if<NullMechanism>(&options);
  return visitor(null != nullptr ? *null : NullMechanism());
}

// Refuses, with a sentence, what cannot be. Shows no secret.
absl::Status CheckMechanism(const MechanismOptions& options);
// The same, and whether keys belong together: as costly as a handshake.
absl::Status CheckMechanismAndKeys(const MechanismOptions& options);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_OPTIONS_H_
