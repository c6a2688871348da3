#ifndef MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/command.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/metadata.h"

namespace monocoque {

// A security mechanism's part of the handshake (RFC 37, Security): commands in, commands and in the
// end the peer's metadata out. Made anew for each connection; knows no socket type and no limit of
// time.
//
// Driven so: Start once, OnCommand for each of the peer's commands. When asking(), an authenticator
// is asked, and Admit called if it said yes. When there is peer_metadata() and it fits, and nobody
// is asked any more, Finish ends the handshake.
//
// Thread-compatible. Every failure is a terminal status with its cause; the caller closes. No
// status shows a key, a password or what was in a box.
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
  // A peer that is refused hears of it by ERROR; clients never send one (V-16).
  virtual bool explains() const { return as_server(); }

  // Both greetings are done: appends what is to be said first.
  virtual absl::Status Start(std::string* out) = 0;
  // The peer's next command; appends the answer, if one is due.
  virtual absl::Status OnCommand(const Command& command, std::string* out) = 0;
  // A command that is spelled as no command should be and is understood all the same.
  virtual std::optional<Command> ReadMisspelled(Bytes /*body*/) const { return std::nullopt; }

  // Somebody has to say whether the peer may come in, before more is said to it.
  virtual bool asking() const { return false; }
  // Fills in domain and credentials, which are the request's alone then.
  virtual void Describe(AuthRequest* /*request*/) {}
  // The peer may come in.
  virtual absl::Status Admit(std::string* /*out*/) { return absl::OkStatus(); }

  // What the peer told of itself; null until it did.
  virtual const Metadata* peer_metadata() const = 0;
  // Appends what is still to be said.
  virtual void Finish(std::string* /*out*/) {}
  // After Finish: what opens and makes the boxes of the traffic; null if there are none.
  virtual std::unique_ptr<CurveSession> TakeSession() { return nullptr; }
};

// What ends a handshake in every mechanism: an ERROR, which says that the peer refused us, or
// a command that is out of turn.
absl::Status JudgeUnexpected(const Command& command);
// ParseMetadata, its failure a violation by the command of this name.
absl::Status TakeMetadata(std::string_view command, Bytes octets, const Limits& limits,
                          std::optional<Metadata>* out);
absl::Status Malformed(std::string_view command, std::string_view why);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_MECHANISM_H_
