#ifndef MONOCOQUE_PROTOCOL_CONNECTION_HANDSHAKE_H_
#define MONOCOQUE_PROTOCOL_CONNECTION_HANDSHAKE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "alloc/byte_queue.h"
#include "protocol/connection/options.h"
#include "protocol/connection/peer_info.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/entropy.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/mechanism/mechanism.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/greeting.h"

namespace monocoque {

// From the first octet to the first message: greeting, version, mechanism, metadata, socket types
// (RFC 37; RFC 15 and RFC 13 for older peers). Takes octets off the input, appends octets to send,
// and ends with the peer's description or with a terminal status.
//
// Thread-compatible. Invariant: nothing is taken off the input behind the command that ends it.
class Handshake {
 public:
  enum class Result {
    kNeedData,
    kDone,    // peer() is complete
    kFailed,  // status() says why; what was appended goes out before the close
  };

  // `entropy`: for mechanisms that draw keys.
  Handshake(const ConnectionOptions& options, std::shared_ptr<Entropy> entropy);
  Handshake(const ConnectionOptions& options, std::unique_ptr<Mechanism> mechanism);

  // What goes out before anything came in (G-1). Of STREAM nothing, ever: it is over then (T-4).
  void Start(std::string* out);
  // Goes on with what is there.
  Result Advance(ByteQueue* input, std::string* out);
  // The answer to the last request, if one is waited for; goes on then.
  Result Authorize(const AuthVerdict& verdict, ByteQueue* input, std::string* out);
  // Once for each request: what an authenticator is to be asked; else null.
  std::shared_ptr<const AuthRequest> TakeRequest() { return std::move(request_); }
  // Once, at the end: what makes and opens the boxes of the traffic, if it is encrypted.
  std::unique_ptr<CurveSession> TakeSession() { return std::move(session_); }

  // Somebody was asked about the peer and has not said anything yet.
  bool asking() const { return asked_ && stage_ == Stage::kCommands; }
  const PeerInfo& peer() const { return peer_; }
  // How frames look from the handshake's end on.
  Framing framing() const { return framing_; }
  // The peer has our greeting, is of 3.x, and may hear from us why it is refused: by ERROR.
  bool may_explain() const { return sent_rest_ && explains_; }
  const absl::Status& status() const { return status_; }
  // "greeting" or "handshake", and how many octets of the peer were read, for error sentences.
  std::string Where() const;

 private:
  // kIdentity: of a peer of 1.0 or 2.0.
  enum class Stage { kGreeting, kCommands, kIdentity, kOver };

  Result AdvanceGreeting(ByteQueue* input, std::string* out);
  Result BeginOlder(std::string* out);
  Result TakeOlderType(ByteQueue* input);
  Result TakeOlderIdentity(ByteQueue* input);
  Result NextCommand(ByteQueue* input, std::string* out);
  Result Settle(std::string* out);
  void Ask();
  bool JudgePeer(const Metadata& told, std::string* out);
  void Explain(std::string_view reason, std::string* out) const;
  Result Fail(absl::Status status);
  Result Incompatible(std::string_view sentence);
  Result Violation(std::string_view sentence);

  const ConnectionOptions& options_;
  std::unique_ptr<Mechanism> mechanism_;  // null once it has done its part
  const bool explains_;
  bool asked_ = false;   // the mechanism asks, and so did we
  bool judged_ = false;  // the peer's metadata was found to fit
  std::shared_ptr<const AuthRequest> request_;
  std::unique_ptr<CurveSession> session_;
  GreetingReader greeting_;
  Stage stage_ = Stage::kGreeting;
  Framing framing_ = Framing::kZmtp30;
  bool sent_major_ = false;
  bool sent_rest_ = false;
  std::size_t octets_ = 0;
  PeerInfo peer_;
  absl::Status status_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_CONNECTION_HANDSHAKE_H_
