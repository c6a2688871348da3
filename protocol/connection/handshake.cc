#include "protocol/connection/handshake.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "alloc/secret.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/make.h"
#include "protocol/wire/command.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/metadata.h"
#include "protocol/wire/socket_type.h"
#include "protocol/wire/zmtp10.h"

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

Handshake::Handshake(const ConnectionOptions& options, std::shared_ptr<Entropy> entropy)
    : Handshake(options, MakeMechanism(options.mechanism, OurMetadata(options), options.limits,
                                       std::move(entropy))) {}

Handshake::Handshake(const ConnectionOptions& options, std::unique_ptr<Mechanism> mechanism)
    : options_(options), mechanism_(std::move(mechanism)), explains_(mechanism_->explains()) {}

void Handshake::Start(std::string* out) {
  peer_.process = options_.peer_process;
  if (options_.socket_type == SocketType::kStream) {
    framing_ = Framing::kRaw;
    stage_ = Stage::kOver;
    return;
  }
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

Handshake::Result Handshake::Incompatible(std::string_view sentence) {
  return Fail(TerminalStatus(Cause::kPeerIncompatible, absl::StrCat(sentence, " (", Where(), ")")));
}

Handshake::Result Handshake::Violation(std::string_view sentence) {
  return Fail(TerminalStatus(Cause::kPeerViolation, absl::StrCat(sentence, " (", Where(), ")")));
}

Handshake::Result Handshake::Advance(ByteQueue* input, std::string* out) {
  if (stage_ == Stage::kGreeting) {
    const Result result = AdvanceGreeting(input, out);
    if (result != Result::kDone) return result;
    if (stage_ == Stage::kCommands) {
      if (absl::Status started = mechanism_->Start(out); !started.ok()) return Fail(started);
    }
  }
  if (stage_ == Stage::kIdentity) {
    const Result result = TakeOlderType(input);
    return result == Result::kDone ? TakeOlderIdentity(input) : result;
  }
  while (stage_ == Stage::kCommands) {
    if (const Result result = Settle(out); result != Result::kNeedData) return result;
    // With all that is needed of the peer there, what follows is no part of the handshake (N-3).
    if (judged_) return Result::kNeedData;
    const Result result = NextCommand(input, out);
    if (result != Result::kDone) return result;
  }
  return status_.ok() ? Result::kDone : Result::kFailed;
}

// Asks, judges, ends the handshake, as far as it has come. kNeedData: it is not over yet.
Handshake::Result Handshake::Settle(std::string* out) {
  if (const Metadata* told = mechanism_->peer_metadata(); told != nullptr && !judged_) {
    judged_ = true;
    if (!JudgePeer(*told, out)) return Result::kFailed;
  }
  if (mechanism_->asking()) {
    if (!asked_) Ask();
    return Result::kNeedData;
  }
  if (!judged_) return Result::kNeedData;
  mechanism_->Finish(out);
  session_ = mechanism_->TakeSession();
  mechanism_.reset();
  stage_ = Stage::kOver;
  return Result::kDone;
}

void Handshake::Ask() {
  asked_ = true;
  auto request = std::make_shared<AuthRequest>();
  request->address = options_.peer_address;
  request->process = options_.peer_process;
  request->identity = peer_.identity;
  request->mechanism = std::string(mechanism_->name());
  mechanism_->Describe(request.get());
  request_ = std::move(request);
}

Handshake::Result Handshake::Authorize(const AuthVerdict& verdict, ByteQueue* input,
                                       std::string* out) {
  if (!asking()) return Result::kNeedData;
  if (verdict.status == AuthStatus::kAccepted) {
    asked_ = false;
    peer_.user_id = verdict.user_id;
    peer_.auth_metadata = verdict.metadata;
    if (absl::Status admitted = mechanism_->Admit(out); !admitted.ok()) return Fail(admitted);
    return Advance(input, out);
  }
  // The text may repeat what the peer said.
  const std::string why =
      absl::StrCat("(", static_cast<int>(verdict.status), verdict.text.empty() ? "" : ", ",
                   absl::CHexEscape(verdict.text), ")");
  if (verdict.status == AuthStatus::kTryLater) {
    return Fail(TerminalStatus(Cause::kLimit, absl::StrCat("nobody could say yet whether the peer "
                                                           "may come in ",
                                                           why)));
  }
  Explain(absl::StrCat(static_cast<int>(verdict.status)), out);
  return Fail(TerminalStatus(Cause::kWeRejectedPeer,
                             absl::StrCat("the authenticator refused the peer ", why)));
}

void Handshake::Explain(std::string_view reason, std::string* out) const {
  if (may_explain()) AppendError(out, reason);
}

Handshake::Result Handshake::AdvanceGreeting(ByteQueue* input, std::string* out) {
  while (!input->empty() && !greeting_.complete()) {
    const std::size_t taken = greeting_.Consume(input->contiguous());
    if (taken == 0) break;
    octets_ += taken;
    input->Advance(taken);
  }
  // Also to a peer that is refused below: what it hears does not depend on how its octets came
  // (G-9).
  if (greeting_.versioned() && !sent_major_) {
    AppendGreetingMajor(out);
    sent_major_ = true;
  }
  switch (greeting_.version()) {
    case PeerVersion::kZmtp10:
    case PeerVersion::kZmtp20:
      return BeginOlder(out);
    case PeerVersion::kRevision0:
      return Incompatible("the peer speaks a revision of ZMTP that was never defined");
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
    return Incompatible(absl::StrCat("mechanism ", mechanism_->name(), " here, ",
                                     absl::CHexEscape(peer_.mechanism),
                                     " there: give both sides the same"));
  }
  stage_ = Stage::kCommands;
  return Result::kDone;
}

// The peer is of 1.0 or 2.0: we say who we are in its own way, if it is to be served.
Handshake::Result Handshake::BeginOlder(std::string* out) {
  const bool zmtp10 = greeting_.version() == PeerVersion::kZmtp10;
  const std::string_view who =
      zmtp10 ? "the peer speaks ZMTP 1.0, or no ZMTP at all" : "the peer speaks ZMTP 2.0";
  if (!(zmtp10 ? options_.serve_zmtp_1 : options_.serve_zmtp_2)) {
    return Incompatible(absl::StrCat(who, ", which is not served here"));
  }
  if (!mechanism_->admits_anyone()) {
    return Incompatible(
        absl::StrCat(who, "; who has to say who it is needs 3.0 (", mechanism_->name(), " here)"));
  }
  const std::optional<std::uint8_t> type = Zmtp20Octet(options_.socket_type);
  if (!type) {
    return Incompatible(
        absl::StrCat(who, "; ", SocketTypeName(options_.socket_type), " needs 3.0"));
  }
  stage_ = Stage::kIdentity;
  framing_ = zmtp10 ? Framing::kZmtp10 : Framing::kZmtp20;
  peer_.version_major = zmtp10 ? 1 : 2;
  if (zmtp10) {
    out->append(options_.routing_id);
    return Result::kDone;
  }
  AppendGreetingZmtp20(out, *type, options_.routing_id);
  return Result::kDone;
}

// 2.0: the octet of the peer's socket type. A misfit is closed in silence: there is no ERROR.
Handshake::Result Handshake::TakeOlderType(ByteQueue* input) {
  if (framing_ == Framing::kZmtp10 || peer_.socket_type) return Result::kDone;
  if (input->empty()) return Result::kNeedData;
  const std::uint8_t octet = input->contiguous()[0];
  input->Advance(1);
  ++octets_;
  peer_.socket_type = SocketTypeOfZmtp20Octet(octet);
  if (peer_.socket_type && Compatible(options_.socket_type, *peer_.socket_type)) {
    return Result::kDone;
  }
  return Incompatible(
      absl::StrCat("socket type ", SocketTypeName(options_.socket_type), " cannot talk to ",
                   peer_.socket_type ? SocketTypeName(*peer_.socket_type) : "an unknown one"));
}

// The frame that holds the peer's identity ends an older handshake. Of 1.0 its first octets were
// taken as the greeting's.
Handshake::Result Handshake::TakeOlderIdentity(ByteQueue* input) {
  const bool zmtp10 = framing_ == Framing::kZmtp10;
  const Bytes taken = zmtp10 ? greeting_.octets() : Bytes();
  std::array<std::uint8_t, zmtp10::kLongHeaderBytes> head;
  std::ranges::copy(taken, head.begin());
  const std::size_t there =
      taken.size() + input->CopyOut(0, MutableBytes(head).subspan(taken.size()));
  const Bytes octets = Bytes(head).first(there);
  FrameHeader header;
  const FrameParse parsed =
      zmtp10 ? zmtp10::ParseFrameHeader(octets, &header) : ParseFrameHeader(octets, &header);
  if (parsed == FrameParse::kNeedMore) return Result::kNeedData;
  if (parsed != FrameParse::kOk) return Violation(FrameViolation(parsed));
  // The flags of 1.0 are not looked at: a signature like ours has 7f there.
  if (!zmtp10 && (header.flags & (frame::kMore | frame::kCommand)) != 0) {
    return Violation("an identity that is not one frame");
  }
  if (header.body_bytes > options_.limits.max_frame_bytes) {
    return Fail(TerminalStatus(Cause::kLimit,
                               absl::StrCat("identity of ", header.body_bytes,
                                            " octets, more than the limit (", Where(), ")")));
  }
  if (header.body_bytes > metadata::kMaxIdentity)
    return Violation("identity longer than 255 octets");
  const std::size_t rest = header.header_bytes - taken.size();
  const auto size = static_cast<std::size_t>(header.body_bytes);
  if (input->size() < rest + size) return Result::kNeedData;
  std::array<std::uint8_t, metadata::kMaxIdentity> identity;
  input->CopyOut(rest, MutableBytes(identity).first(size));
  input->Skip(rest + size);
  octets_ += rest + size;
  peer_.identity = AsText(Bytes(identity).first(size));
  if (!IdentityFits(peer_.identity)) return Violation("identity led by a zero octet");
  stage_ = Stage::kOver;
  return Result::kDone;
}

Handshake::Result Handshake::NextCommand(ByteQueue* input, std::string* out) {
  std::array<std::uint8_t, frame::kLongHeaderBytes> head;
  const Bytes octets = Bytes(head).first(input->CopyOut(0, head));
  FrameHeader header;
  const FrameParse parsed = ParseFrameHeader(octets, &header);
  if (const std::string_view wrong = FrameViolation(parsed); !wrong.empty()) {
    return Violation(wrong);
  }
  // F-11: a message's flags are enough to know.
  if (!octets.empty() && (octets[0] & frame::kCommand) == 0) {
    return Violation("a message before the handshake was done");
  }
  if (parsed == FrameParse::kNeedMore) return Result::kNeedData;
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
  absl::StatusOr<Command> command = ParseCommand(body);
  if (!command.ok()) {
    const std::optional<Command> meant = mechanism_->ReadMisspelled(body);
    if (!meant) return Violation(command.status().message());
    command = *meant;
  }
  const absl::Status taken = mechanism_->OnCommand(*command, out);
  Wipe(body);  // credentials, it may be
  return taken.ok() ? Result::kDone : Fail(taken);
}

// The peer's metadata is there: does it fit us?
bool Handshake::JudgePeer(const Metadata& told, std::string* out) {
  if (!IdentityFits(told.identity)) {
    Explain("Identity must have 0 to 255 octets, the first not zero", out);
    Violation("Identity longer than 255 octets or led by a zero octet");
    return false;
  }
  if (told.socket_type) {
    peer_.socket_type = ParseSocketType(*told.socket_type);
    if (!peer_.socket_type || !Compatible(options_.socket_type, *peer_.socket_type)) {
      Explain("Socket-Type does not fit", out);
      Incompatible(absl::StrCat("socket type ", SocketTypeName(options_.socket_type),
                                " cannot talk to ", absl::CHexEscape(*told.socket_type)));
      return false;
    }
  }
  peer_.identity = told.identity;
  peer_.properties = told.others;
  return true;
}

}  // namespace monocoque
