#include "protocol/connection/handshake.h"

#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/null.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/metadata.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {
namespace {

std::string OurMetadata(const ConnectionOptions& options) {
  std::string out;
  AppendProperty(&out, metadata::kSocketType, SocketTypeName(options.socket_type));
  if (SendsIdentity(options.socket_type)) {
    AppendProperty(&out, metadata::kIdentity, options.routing_id);
  }
  for (const auto& [name, value] : options.properties) AppendProperty(&out, name, value);
  return out;
}

}  // namespace

Handshake::Handshake(const ConnectionOptions& options)
    : options_(options),
      mechanism_(std::make_unique<NullMechanism>(OurMetadata(options), options.limits)) {}

void Handshake::Start(std::string* out) {
  AppendGreetingSignature(out, options_.routing_id.size());
}

std::string Handshake::Where() const {
  return absl::StrCat(stage_ == Stage::kGreeting ? "greeting" : "handshake", ", octet ", octets_);
}

Handshake::Result Handshake::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
  stage_ = Stage::kOver;
  return Result::kFailed;
}

Handshake::Result Handshake::Violation(std::string_view sentence) {
  return Fail(
      TerminalStatus(Cause::kPeerViolation, absl::StrCat(sentence, " (", Where(), ")")));
}

Handshake::Result Handshake::Advance(ByteQueue* input, std::string* out) {
  if (stage_ == Stage::kGreeting) {
    const Result result = AdvanceGreeting(input, out);
    if (result != Result::kDone) return result;
    stage_ = Stage::kCommands;
    if (absl::Status started = mechanism_->Start(out); !started.ok()) return Fail(started);
  }
  while (stage_ == Stage::kCommands) {
    const Result result = NextCommand(input, out);
    if (result != Result::kDone) return result;
    if (mechanism_->done()) return JudgePeer(out);
  }
  return status_.ok() ? Result::kDone : Result::kFailed;
}

Handshake::Result Handshake::AdvanceGreeting(ByteQueue* input, std::string* out) {
  while (!input->empty() && !greeting_.complete()) {
    const std::size_t taken = greeting_.Consume(input->contiguous());
    if (taken == 0) break;
    octets_ += taken;
    input->Advance(taken);
  }
  // Also to a peer that is refused below: what it hears does not depend on how its octets came (G-9).
  if (greeting_.versioned() && !sent_major_) {
    AppendGreetingMajor(out);
    sent_major_ = true;
  }
  switch (greeting_.version()) {
    case PeerVersion::kZmtp10:
      return Fail(TerminalStatus(Cause::kPeerIncompatible,
                                 "the peer speaks ZMTP 1.0, or no ZMTP at all; 3.0 is needed"));
    case PeerVersion::kRevision0:
      return Fail(TerminalStatus(Cause::kPeerIncompatible,
                                 "the peer speaks a revision of ZMTP that was never defined"));
    case PeerVersion::kZmtp20:
      return Fail(TerminalStatus(Cause::kPeerIncompatible,
                                 "the peer speaks ZMTP 2.0; 3.0 is needed"));
    case PeerVersion::kUnknown:
    case PeerVersion::kZmtp30:
    case PeerVersion::kZmtp31:
      break;
  }
  if (greeting_.received() > greeting::kSignatureBytes && !sent_rest_) {
    AppendGreetingRest(out, mechanism_->name(), mechanism_->as_server());
    sent_rest_ = true;
  }
  if (!greeting_.complete()) return Result::kNeedData;
  peer_.version_major = greeting_.major();
  peer_.version_minor = greeting_.minor();
  const std::string_view field = greeting_.mechanism_field();
  peer_.mechanism = std::string(field.substr(0, field.find('\0')));
  if (field != MechanismField(mechanism_->name())) {
    // G-7. Our greeting is out by now (G-6).
    return Fail(TerminalStatus(
        Cause::kPeerIncompatible,
        absl::StrCat("mechanism ", mechanism_->name(), " here, ", absl::CHexEscape(peer_.mechanism),
                     " there: give both sides the same (", Where(), ")")));
  }
  return Result::kDone;
}

Handshake::Result Handshake::NextCommand(ByteQueue* input, std::string* out) {
  std::array<std::uint8_t, frame::kLongHeaderBytes> head;
  const Bytes octets = Bytes(head).first(input->CopyOut(0, head));
  FrameHeader header;
  switch (ParseFrameHeader(octets, &header)) {
    case FrameParse::kNeedMore:
      // F-11: a message's flags are enough to know.
      if (octets.empty() || (octets[0] & frame::kCommand) != 0) return Result::kNeedData;
      break;
    case FrameParse::kReservedFlags:
      return Violation("frame with reserved flag bits set");
    case FrameParse::kMoreOnCommand:
      return Violation("command frame with the MORE flag");
    case FrameParse::kSizeTooLarge:
      return Violation("frame size with its top bit set");
    case FrameParse::kOk:
      break;
  }
  if ((octets[0] & frame::kCommand) == 0) {
    return Violation("a message before the handshake was done");
  }
  if (header.body_bytes > options_.limits.max_handshake_bytes ||
      header.body_bytes > options_.limits.max_frame_bytes) {
    return Fail(TerminalStatus(Cause::kLimit,
                               absl::StrCat("handshake command of ", header.body_bytes,
                                            " octets, more than the limit (", Where(), ")")));
  }
  const auto size = static_cast<std::size_t>(header.body_bytes);
  if (input->size() < header.header_bytes + size) return Result::kNeedData;
  std::vector<std::uint8_t> body(size);
  input->CopyOut(header.header_bytes, body);
  input->Skip(header.header_bytes + size);
  octets_ += header.header_bytes + size;
  const absl::StatusOr<Command> command = ParseCommand(body);
  if (!command.ok()) return Violation(command.status().message());
  if (absl::Status taken = mechanism_->OnCommand(*command, out); !taken.ok()) return Fail(taken);
  return Result::kDone;
}

// The peer's metadata is there: does it fit us?
Handshake::Result Handshake::JudgePeer(std::string* out) {
  const Metadata& told = mechanism_->metadata();
  if (!IdentityFits(told.identity)) {
    AppendError(out, "Identity must have 0 to 255 octets, the first not zero");
    return Violation("Identity longer than 255 octets or led by a zero octet");
  }
  if (told.socket_type) {
    peer_.socket_type = ParseSocketType(*told.socket_type);
    if (!peer_.socket_type || !Compatible(options_.socket_type, *peer_.socket_type)) {
      AppendError(out, "Socket-Type does not fit");
      return Fail(TerminalStatus(
          Cause::kPeerIncompatible,
          absl::StrCat("socket type ", SocketTypeName(options_.socket_type), " cannot talk to ",
                       absl::CHexEscape(*told.socket_type), " (", Where(), ")")));
    }
  }
  peer_.identity = told.identity;
  peer_.properties = told.others;
  stage_ = Stage::kOver;
  return Result::kDone;
}

}  // namespace monocoque
