#ifndef MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "protocol/wire/command.h"
#include "protocol/wire/metadata.h"

namespace monocoque {

// A security mechanism's part of the handshake (RFC 37, Security): commands in, commands and in the
// end the peer's metadata out. Made anew for each connection; knows no socket type and no limit of
// time.
//
// Thread-compatible. Every failure is a terminal status with its cause; the caller closes.
class Mechanism {
 public:
  virtual ~Mechanism() = default;

  // As in the greeting: "NULL", "PLAIN", "CURVE".
  virtual std::string_view name() const = 0;
  // Our role, as told in the greeting.
  virtual bool as_server() const = 0;
  // Nobody is asked who they are. Only then peers are served that cannot be asked: those of
  // ZMTP 1.0 and 2.0, which know no mechanism (B-4, B-5).
  virtual bool admits_anyone() const { return false; }

  // Both greetings are done: appends what is to be said first.
  virtual absl::Status Start(std::string* out) = 0;
  // The peer's next command; appends the answer, if one is due.
  virtual absl::Status OnCommand(const Command& command, std::string* out) = 0;

  // The handshake is over on our side, and metadata() is the peer's.
  virtual bool done() const = 0;
  virtual const Metadata& metadata() const = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_
