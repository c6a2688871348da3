// What is modelled: what a handler says for a verdict (RFC 27, the reply): parts whose lengths and
// octets the input gives, and the id it was asked under.
//
// What must hold: who is let in was let in by a reply of six parts, of version 1.0, under the id
// that was asked, of status 200; the rest is as it stands in its part; what is no reply lets nobody
// in, and a request of the same octets has them where the specification says.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "fuzz/input.h"
#include "fuzz/require.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/zap.h"
#include "protocol/wire/message.h"

namespace {

using monocoque::AsText;
using monocoque::AuthRequest;
using monocoque::AuthStatus;
using monocoque::AuthVerdict;
using monocoque::Bytes;
using monocoque::Message;
using monocoque::Slice;
using monocoque::fuzz::Input;
using monocoque::fuzz::Require;

// Beyond these a reply cannot be one, whatever they hold.
constexpr std::size_t kMaxParts = 8;

void Judge(const std::vector<std::string_view>& parts, std::string_view id) {
  const Message reply(parts);
  const absl::StatusOr<AuthVerdict> verdict = monocoque::ParseZapReply(reply, id);
  const AuthVerdict forced = monocoque::ZapVerdict(reply, id);
  if (!verdict.ok()) {
    Require(forced.status != AuthStatus::kAccepted, "what is no reply lets nobody in");
    Require(forced.user_id.empty() && forced.metadata.empty(), "and tells nothing of the peer");
    return;
  }
  Require(parts.size() == 6, "a reply has six parts");
  Require(parts[0] == "1.0" && parts[1] == id, "its version and its id are those asked for");
  Require(parts[2] == std::to_string(static_cast<int>(verdict->status)), "the status is its text");
  Require(verdict->text == parts[3], "the status text is as it stands");
  Require(forced.status == verdict->status, "both ways to read it agree");
  if (verdict->status != AuthStatus::kAccepted) return;
  Require(verdict->user_id == parts[4], "the user id is as it stands");
  std::size_t octets = 0;
  for (const auto& [name, value] : verdict->metadata) octets += 5 + name.size() + value.size();
  Require(octets == parts[5].size(), "the metadata is all of its part");
}

void Ask(Input input) {
  AuthRequest request;
  request.mechanism = input.Octet() % 2 == 0 ? "PLAIN" : "CURVE";
  request.domain = AsText(input.Part().Take(255));
  request.identity = AsText(input.Part().Take(255));
  request.username = AsText(input.Part().Take(255));
  request.password = AsText(input.Part().Take(255));
  request.client_key = AsText(input.Take(32));
  request.address = AsText(input.Part().Take(255));
  const Message asked = monocoque::ZapRequest(request, "id");
  std::vector<std::string> parts;
  for (const Slice& part : asked) parts.emplace_back(part.text());
  const bool plain = request.mechanism == "PLAIN";
  Require(parts.size() == (plain ? 8u : 7u), "a request has the parts of its mechanism");
  Require(parts[0] == "1.0" && parts[1] == "id", "version and id come first");
  Require(parts[2] == request.domain && parts[3] == request.address, "then domain and address");
  Require(parts[4] == request.identity && parts[5] == request.mechanism,
          "then identity and mechanism");
  Require(parts[6] == (plain ? request.username : request.client_key), "then who it is");
  if (plain) Require(parts[7] == request.password, "and the password last");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Ask(Input(Bytes(data, size)));
  Input input(Bytes(data, size));
  Input id = input.Part(15);
  std::vector<std::string_view> parts;
  // In the places where only one text is right the input may ask for that by one octet.
  constexpr std::string_view kRight[] = {"1.0", "", "200"};
  while (!input.empty() && parts.size() < kMaxParts) {
    const std::size_t place = parts.size();
    const std::uint8_t length = input.Octet();
    if (length == 255 && place < 3) {
      parts.push_back(place == 1 ? AsText(Input(id).Take(15)) : kRight[place]);
    } else {
      parts.push_back(AsText(input.Take(length)));
    }
  }
  if (!parts.empty()) Judge(parts, AsText(id.Take(15)));
  return 0;
}
