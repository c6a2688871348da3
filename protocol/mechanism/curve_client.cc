#include "protocol/mechanism/curve_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/drive/cause.h"
#include "protocol/mechanism/curve_box.h"

namespace monocoque {
namespace {

constexpr std::uint64_t kHelloNonce = 1;
constexpr std::uint64_t kInitiateNonce = 2;

absl::Status Violation(std::string_view sentence) {
  return TerminalStatus(Cause::kPeerViolation, sentence);
}

}  // namespace

CurveClientHandshake::CurveClientHandshake(const CurveClient& options, std::string our_metadata,
                                           const Limits& limits, std::shared_ptr<Entropy> entropy)
    : options_(options),
      our_metadata_(std::move(our_metadata)),
      limits_(limits),
      entropy_(std::move(entropy)) {}

absl::Status CurveClientHandshake::Start(std::string* out) {
  const Crypto& crypto = *options_.crypto;
  short_term_ = CurveKeyPair::Generate(crypto, entropy_.get());
  if (!crypto.Agree(options_.server_key, short_term_.secret_key, &hello_key_)) {
    return TerminalStatus(Cause::kPeerIncompatible,
                          "the server's key as given here is none that a server can have");
  }
  std::string data("\1\0", curve::kVersionBytes);
  data.append(curve::kPaddingBytes, '\0');
  data.append(AsText(short_term_.public_key));
  const ShortNonce nonce = EncodeShortNonce(kHelloNonce);
  data.append(AsText(nonce));
  const std::array<std::uint8_t, curve::kSignatureBytes> zeros{};
  AppendBox(crypto, hello_key_, curve::kHelloPrefix, nonce, zeros, &data);
  AppendCommand(out, command::kHello, AsBytes(data));
  return absl::OkStatus();
}

absl::Status CurveClientHandshake::OnCommand(const Command& command, std::string* out) {
  if (command.name == command::kWelcome && stage_ == Stage::kWelcome) {
    return OnWelcome(command.data, out);
  }
  if (command.name == command::kReady && stage_ == Stage::kReady) return OnReady(command.data);
  return JudgeUnexpected(command);
}

// V-4.
absl::Status CurveClientHandshake::OnWelcome(Bytes data, std::string* out) {
  if (data.size() != curve::kWelcomeBytes) return Malformed(command::kWelcome, "its size");
  std::array<std::uint8_t, crypto::kKeyBytes + curve::kCookieBytes> content;
  if (!OpenBox(*options_.crypto, hello_key_, curve::kWelcomePrefix,
               data.first(curve::kLongNonceBytes), data.subspan(curve::kLongNonceBytes), content)) {
    return Violation("WELCOME does not open: the server has another key than the one given here");
  }
  PublicKey server_short;
  std::copy_n(content.begin(), server_short.size(), server_short.begin());
  if (!options_.crypto->Agree(server_short, short_term_.secret_key, &shared_)) {
    return Violation("WELCOME with a key that agrees with everybody");
  }
  stage_ = Stage::kReady;
  return SendInitiate(server_short, Bytes(content).subspan(crypto::kKeyBytes), out);
}

// The cookie goes back as it came (V-6).
absl::Status CurveClientHandshake::SendInitiate(const PublicKey& server_short, Bytes cookie,
                                                std::string* out) {
  const Crypto& crypto = *options_.crypto;
  SecretKey vouch_key;
  if (!crypto.Agree(server_short, options_.keys.secret_key, &vouch_key)) {
    return Violation("WELCOME with a key that agrees with everybody");
  }
  LongNonce vouch_nonce;
  entropy_->Fill(vouch_nonce);
  std::string vouched(AsText(short_term_.public_key));
  vouched.append(AsText(options_.server_key));
  std::string content(AsText(options_.keys.public_key));
  content.append(AsText(vouch_nonce));
  AppendBox(crypto, vouch_key, curve::kVouchPrefix, vouch_nonce, AsBytes(vouched), &content);
  content.append(our_metadata_);

  const ShortNonce nonce = EncodeShortNonce(kInitiateNonce);
  std::string data(AsText(cookie));
  data.append(AsText(nonce));
  AppendBox(crypto, shared_, curve::kInitiatePrefix, nonce, AsBytes(content), &data);
  AppendCommand(out, command::kInitiate, AsBytes(data));
  return absl::OkStatus();
}

absl::Status CurveClientHandshake::OnReady(Bytes data) {
  if (data.size() < curve::kMinReadyBytes) return Malformed(command::kReady, "too short");
  const Bytes nonce = data.first(curve::kShortNonceBytes);
  std::string content(data.size() - curve::kMinReadyBytes, '\0');
  if (!OpenBox(*options_.crypto, shared_, curve::kReadyPrefix, nonce,
               data.subspan(curve::kShortNonceBytes), AsMutableBytes(&content))) {
    return Violation("READY does not open");
  }
  received_ = ReadShortNonce(nonce);
  stage_ = Stage::kOver;
  return TakeMetadata(command::kReady, AsBytes(content), limits_, &metadata_);
}

std::unique_ptr<CurveSession> CurveClientHandshake::TakeSession() {
  return std::make_unique<CurveSession>(options_.crypto, shared_, /*as_server=*/false,
                                        kInitiateNonce, received_);
}

}  // namespace monocoque
