#include "protocol/mechanism/curve_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/mechanism/curve_box.h"

namespace monocoque {
namespace {

constexpr std::uint64_t kReadyNonce = 1;

absl::Status Violation(std::string_view sentence) {
  return TerminalStatus(Cause::kPeerViolation, sentence);
}

bool AllZero(Bytes octets) {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

PublicKey KeyAt(Bytes octets) {
  PublicKey key;
  std::ranges::copy(octets.first(key.size()), key.begin());
  return key;
}

}  // namespace

CurveServerHandshake::CurveServerHandshake(const CurveServer& options, std::string our_metadata,
                                           const Limits& limits, std::shared_ptr<Entropy> entropy)
    : options_(options),
      our_metadata_(std::move(our_metadata)),
      limits_(limits),
      entropy_(std::move(entropy)) {}

absl::Status CurveServerHandshake::OnCommand(const Command& command, std::string* out) {
  if (command.name == command::kHello && stage_ == Stage::kHello) {
    return OnHello(command.data, out);
  }
  if (command.name == command::kInitiate && stage_ == Stage::kInitiate) {
    return OnInitiate(command.data);
  }
  return JudgeUnexpected(command);
}

// V-2, V-3.
absl::Status CurveServerHandshake::OnHello(Bytes data, std::string* out) {
  const Crypto& crypto = *options_.crypto;
  if (data.size() != curve::kHelloBytes) return Malformed(command::kHello, "its size");
  if (data[0] != 1 || data[1] != 0) return Malformed(command::kHello, "no CurveZMQ 1.0");
  if (!AllZero(data.subspan(curve::kVersionBytes, curve::kPaddingBytes))) {
    return Malformed(command::kHello, "its padding");
  }
  data = data.subspan(curve::kVersionBytes + curve::kPaddingBytes);
  const PublicKey client_short = KeyAt(data);
  const Bytes nonce = data.subspan(crypto::kKeyBytes, curve::kShortNonceBytes);
  SecretKey key;
  std::array<std::uint8_t, curve::kSignatureBytes> signature;
  if (!crypto.Agree(client_short, options_.keys.secret_key, &key) ||
      !OpenBox(crypto, key, curve::kHelloPrefix, nonce,
               data.subspan(crypto::kKeyBytes + curve::kShortNonceBytes), signature)) {
    return Violation("HELLO does not open: the client looks for a server with another key");
  }
  if (!AllZero(signature)) return Malformed(command::kHello, "what is in its box");
  received_ = ReadShortNonce(nonce);

  const CurveKeyPair short_term = CurveKeyPair::Generate(crypto, entropy_.get());
  LongNonce cookie_nonce, welcome_nonce;
  entropy_->Fill(cookie_nonce);
  entropy_->Fill(cookie_key_.mutable_bytes());
  entropy_->Fill(welcome_nonce);
  std::string content(AsText(short_term.public_key));
  content.append(MakeCookie(client_short, short_term, cookie_nonce));
  std::string answer(AsText(welcome_nonce));
  AppendBox(crypto, key, curve::kWelcomePrefix, welcome_nonce, AsBytes(content), &answer);
  AppendCommand(out, command::kWelcome, AsBytes(answer));
  stage_ = Stage::kInitiate;
  return absl::OkStatus();
}

std::string CurveServerHandshake::MakeCookie(const PublicKey& client_short,
                                             const CurveKeyPair& short_term,
                                             const LongNonce& nonce) {
  Secret<2 * crypto::kKeyBytes> content;
  const MutableBytes octets = content.mutable_bytes();
  std::ranges::copy(client_short, octets.begin());
  std::ranges::copy(short_term.secret_key.bytes(), octets.subspan(crypto::kKeyBytes).begin());
  std::string cookie(AsText(nonce));
  AppendBox(*options_.crypto, cookie_key_, curve::kCookiePrefix, nonce, octets, &cookie);
  return cookie;
}

// V-5, V-8.
absl::Status CurveServerHandshake::OnInitiate(Bytes data) {
  const Crypto& crypto = *options_.crypto;
  if (data.size() < curve::kMinInitiateBytes) return Malformed(command::kInitiate, "too short");
  const Bytes cookie = data.first(curve::kCookieBytes);
  Secret<2 * crypto::kKeyBytes> kept;
  const bool ours =
      OpenBox(crypto, cookie_key_, curve::kCookiePrefix, cookie.first(curve::kLongNonceBytes),
              cookie.subspan(curve::kLongNonceBytes), kept.mutable_bytes());
  Wipe(cookie_key_.mutable_bytes());
  if (!ours) return Violation("INITIATE with a cookie that is not ours");
  const PublicKey client_short = KeyAt(kept.bytes());
  const SecretKey short_term(kept.bytes().subspan(crypto::kKeyBytes));

  const Bytes nonce = data.subspan(curve::kCookieBytes, curve::kShortNonceBytes);
  if (ReadShortNonce(nonce) <= received_) return Violation("INITIATE with a nonce that was used");
  received_ = ReadShortNonce(nonce);
  const Bytes box = data.subspan(curve::kCookieBytes + curve::kShortNonceBytes);
  std::string content(box.size() - crypto::kTagBytes, '\0');
  if (!crypto.Agree(client_short, short_term, &shared_) ||
      !OpenBox(crypto, shared_, curve::kInitiatePrefix, nonce, box, AsMutableBytes(&content))) {
    return Violation("INITIATE does not open");
  }
  client_key_ = KeyAt(AsBytes(content));
  const Bytes rest = AsBytes(content).subspan(crypto::kKeyBytes);
  if (absl::Status vouched = CheckVouch(short_term, client_short, rest.first(curve::kVouchBytes));
      !vouched.ok()) {
    return vouched;
  }
  stage_ = Stage::kOver;
  asking_ = !options_.allow_any_key;
  return TakeMetadata(command::kInitiate, rest.subspan(curve::kVouchBytes), limits_, &metadata_);
}

// The owner of the client's long-term key says that the short-term key is its own, and that it
// means this server.
absl::Status CurveServerHandshake::CheckVouch(const SecretKey& short_term,
                                              const PublicKey& client_short, Bytes vouch) {
  const Crypto& crypto = *options_.crypto;
  SecretKey key;
  std::array<std::uint8_t, 2 * crypto::kKeyBytes> content;
  if (!crypto.Agree(client_key_, short_term, &key) ||
      !OpenBox(crypto, key, curve::kVouchPrefix, vouch.first(curve::kLongNonceBytes),
               vouch.subspan(curve::kLongNonceBytes), content)) {
    return Violation("INITIATE with a vouch that does not open");
  }
  const bool client = SameSecret(Bytes(content).first(crypto::kKeyBytes), client_short);
  const bool server =
      SameSecret(Bytes(content).subspan(crypto::kKeyBytes), options_.keys.public_key);
  if (!client || !server) return Violation("INITIATE with a vouch for somebody else");
  return absl::OkStatus();
}

void CurveServerHandshake::Describe(AuthRequest* request) {
  request->domain = options_.domain;
  request->client_key = AsText(client_key_);
}

absl::Status CurveServerHandshake::Admit(std::string* /*out*/) {
  asking_ = false;
  return absl::OkStatus();
}

void CurveServerHandshake::Finish(std::string* out) {
  const ShortNonce nonce = EncodeShortNonce(kReadyNonce);
  std::string data(AsText(nonce));
  AppendBox(*options_.crypto, shared_, curve::kReadyPrefix, nonce, AsBytes(our_metadata_), &data);
  AppendCommand(out, command::kReady, AsBytes(data));
}

std::unique_ptr<CurveSession> CurveServerHandshake::TakeSession() {
  return std::make_unique<CurveSession>(options_.crypto, shared_, /*as_server=*/true, kReadyNonce,
                                        received_);
}

}  // namespace monocoque
