#include "tests/sim/eavesdropper.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/frame.h"

namespace monocoque::testing {
namespace {

constexpr std::string_view kMessage = "\7MESSAGE";

}  // namespace

void Eavesdropper::Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
                        MutableBytes out) const {
  ForwardingCrypto::Seal(derived, counter, head, body, out);
  std::string& content = sealed_[std::string(AsText(out.first(crypto::kTagBytes)))];
  content = AsText(head);
  content.append(AsText(body));
}

std::string Eavesdropper::SeeThrough(const sim::TappedOctets& tapped) {
  Stream& stream = streams_[{tapped.link, tapped.from}];
  std::string_view octets = AsText(tapped.octets);
  std::string out;
  while (!octets.empty()) Take(&stream, &octets, &out);
  return out;
}

void Eavesdropper::Take(Stream* stream, std::string_view* octets, std::string* out) {
  std::uint64_t* rest = stream->greeting > 0 ? &stream->greeting : &stream->rest;
  if (*rest == 0) {
    TakeHead(stream, octets, out);
    return;
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(*rest, octets->size()));
  const bool boxed = stream->content.size() == *rest && rest == &stream->rest;
  out->append(boxed ? std::string_view(stream->content).substr(0, count)
                    : octets->substr(0, count));
  if (boxed) stream->content.erase(0, count);
  octets->remove_prefix(count);
  *rest -= count;
}

// One octet more of what is in front of a box, or shows that there is none.
void Eavesdropper::TakeHead(Stream* stream, std::string_view* octets, std::string* out) {
  std::string& head = stream->head;
  head += octets->front();
  out->push_back(octets->front());
  octets->remove_prefix(1);
  FrameHeader header;
  if (ParseFrameHeader(AsBytes(head), &header) != FrameParse::kOk) return;
  const std::string_view body = std::string_view(head).substr(header.header_bytes);
  const bool may_be_message = header.body_bytes > CurveSession::kHeadBytes &&
                              absl::StartsWith(kMessage, body.substr(0, kMessage.size()));
  if (may_be_message && body.size() < CurveSession::kHeadBytes) return;
  stream->rest = header.body_bytes - body.size();
  stream->content.clear();
  if (may_be_message) {
    const auto it = sealed_.find(body.substr(CurveSession::kHeadBytes - crypto::kTagBytes));
    if (it != sealed_.end()) stream->content = std::move(it->second);
    if (it != sealed_.end()) sealed_.erase(it);
  }
  head.clear();
}

}  // namespace monocoque::testing
