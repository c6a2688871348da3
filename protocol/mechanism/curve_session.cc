#include "protocol/mechanism/curve_session.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "protocol/mechanism/curve_box.h"

namespace monocoque {
namespace {

constexpr std::string_view kName = "\7MESSAGE";
static_assert(kName.size() + curve::kShortNonceBytes + crypto::kTagBytes ==
              CurveSession::kHeadBytes);

Bytes NonceOf(Bytes head) { return head.subspan(kName.size(), curve::kShortNonceBytes); }
Bytes TagOf(Bytes head) { return head.last(crypto::kTagBytes); }

}  // namespace

CurveSession::CurveSession(std::shared_ptr<const Crypto> crypto, const SecretKey& shared,
                           bool as_server, std::uint64_t sent, std::uint64_t received)
    : crypto_(std::move(crypto)), sent_(sent), received_(received) {
  const Bytes client = AsBytes(curve::kMessageFromClientPrefix);
  const Bytes server = AsBytes(curve::kMessageFromServerPrefix);
  crypto_->Derive(shared, as_server ? server : client, &out_key_);
  crypto_->Derive(shared, as_server ? client : server, &in_key_);
}

std::size_t CurveSession::Seal(std::uint8_t flags, Bytes data, MutableBytes out) {
  std::size_t at = EncodeFrameHeader(0, data.size() + kOverheadBytes, out);
  std::ranges::copy(AsBytes(kName), out.subspan(at).begin());
  at += kName.size();
  const ShortNonce nonce = EncodeShortNonce(++sent_);
  std::ranges::copy(nonce, out.subspan(at).begin());
  at += nonce.size();
  const std::size_t box = crypto::kTagBytes + 1 + data.size();
  crypto_->Seal(out_key_, nonce, Bytes(&flags, 1), data, out.subspan(at, box));
  return at + box;
}

CurveSession::Opened CurveSession::Judge(Bytes head) const {
  if (!AsText(head).starts_with(kName)) return Opened::kNoMessage;
  return ReadShortNonce(NonceOf(head)) > received_ ? Opened::kOk : Opened::kReplayed;
}

CurveSession::Opened CurveSession::Open(Bytes head, Bytes sealed, MutableBytes out) {
  if (!crypto_->Open(in_key_, NonceOf(head), TagOf(head), sealed, out)) return Opened::kForged;
  received_ = ReadShortNonce(NonceOf(head));
  return Opened::kOk;
}

bool CurveSession::OpenOwn(Bytes head, Bytes sealed, MutableBytes out) const {
  return AsText(head).starts_with(kName) &&
         crypto_->Open(out_key_, NonceOf(head), TagOf(head), sealed, out);
}

}  // namespace monocoque
