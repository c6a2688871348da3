#include "fuzz/strict_output.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "fuzz/plain_greeting.h"
#include "fuzz/require.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/limits.h"

namespace monocoque::fuzz {
namespace {

Limits NoLimits() {
  Limits limits;
  limits.max_frame_bytes = limits.max_message_bytes = std::numeric_limits<std::int64_t>::max();
  limits.max_parts = limits.max_command_bytes = std::numeric_limits<std::size_t>::max();
  return limits;
}

void AppendProperty(std::string* out, std::string_view name, std::string_view value) {
  out->push_back(static_cast<char>(name.size()));
  out->append(name).append(3, '\0').push_back(static_cast<char>(value.size()));
  out->append(value);
}

std::string Ready(SocketType type, std::string_view identity) {
  std::string body = "\x05READY";
  AppendProperty(&body, "Socket-Type", SocketTypeName(type));
  if (type == SocketType::kReq || type == SocketType::kDealer || type == SocketType::kRouter) {
    AppendProperty(&body, "Identity", identity);
  }
  return body;
}

// RFC 15; XPUB and XSUB announce PUB and SUB. -1: it cannot be said.
int TypeOctetZmtp20(SocketType type) {
  using enum SocketType;
  constexpr std::array<std::pair<SocketType, int>, 11> kOctets = {{{kPair, 0},
                                                                   {kPub, 1},
                                                                   {kSub, 2},
                                                                   {kReq, 3},
                                                                   {kRep, 4},
                                                                   {kDealer, 5},
                                                                   {kRouter, 6},
                                                                   {kPull, 7},
                                                                   {kPush, 8},
                                                                   {kXPub, 1},
                                                                   {kXSub, 2}}};
  for (const auto& [candidate, octet] : kOctets) {
    if (candidate == type) return octet;
  }
  return -1;
}

}  // namespace

StrictOutput::StrictOutput(std::string* octets, SocketType type, std::string_view identity)
    : octets_(*octets), type_(type), identity_(identity) {
  octets_.clear();
}

// What comes in front of the first frame.
std::string StrictOutput::Opening(PeerVersion version) const {
  std::string opening = "\xff" + std::string(6, '\0');
  const std::size_t padding = identity_.size() + 1;
  opening.push_back(static_cast<char>(padding / 256));
  opening.push_back(static_cast<char>(padding % 256));
  opening.push_back('\x7f');
  const int octet = TypeOctetZmtp20(type_);
  if (version == PeerVersion::kZmtp10) return octet < 0 ? opening : opening + identity_;
  opening.push_back(3);
  if (version == PeerVersion::kRevision0) return opening;
  if (version == PeerVersion::kZmtp20) {
    if (octet < 0) return opening;
    opening.push_back(static_cast<char>(octet));
    opening.push_back(0);
    opening.push_back(static_cast<char>(identity_.size()));
    return opening + identity_;
  }
  opening += std::string("\x01NULL", 5);
  return opening.append(kGreetingBytes - opening.size(), '\0');
}

void StrictOutput::CheckCommand(std::string_view body) {
  if (body.starts_with("\x05"
                       "ERROR")) {
    Require(body.size() >= 7 && body.size() - 7 == static_cast<std::uint8_t>(body[6]),
            "ERROR has a reason and nothing else");
    said_error_ = true;
    return;
  }
  if (!said_ready_) {
    Require(body == Ready(type_, identity_), "READY comes first and tells our metadata");
    said_ready_ = true;
    return;
  }
  Require((body.starts_with("\x04PING") && body.size() == 7) ||
              (body.starts_with("\x04PONG") && body.size() <= 5 + 16) ||
              body.starts_with("\x09SUBSCRIBE") ||
              body.starts_with("\x06"
                               "CANCEL"),
          "commands are those that we may send");
}

void StrictOutput::Check(const std::vector<Message>& sent, PeerVersion version) {
  if (!reader_) {
    const std::string opening = Opening(version);
    const std::size_t here = std::min(octets_.size(), opening.size());
    Require(std::string_view(octets_).substr(0, here) == std::string_view(opening).substr(0, here),
            "the output begins as the peer's version wants it");
    if (octets_.size() < opening.size() || version == PeerVersion::kUnknown) return;
    const bool zmtp10 = version == PeerVersion::kZmtp10;
    const bool zmtp20 = version == PeerVersion::kZmtp20;
    reader_.emplace(NoLimits(), opening.size(),
                    zmtp10   ? Framing::kZmtp10
                    : zmtp20 ? Framing::kZmtp20
                             : Framing::kZmtp30);
    // There is none to say.
    said_ready_ = zmtp10 || zmtp20;
  }
  const Bytes all = AsBytes(octets_);
  for (;;) {
    if (said_error_) Require(reader_->position() == all.size(), "nothing follows ERROR");
    const bool in_message = reader_->in_message();
    switch (reader_->Next(all)) {
      case PlainReader::Result::kNeedData:
        return;
      case PlainReader::Result::kViolation:
        return Require(false, "the output is well framed");
      case PlainReader::Result::kCommand:
        Require(!in_message && !reader_->in_message(), "no command between two parts (F-13)");
        CheckCommand(AsText(reader_->body().In(all)));
        break;
      case PlainReader::Result::kMessage:
        Require(said_ready_, "no message before READY (N-2)");
        Require(messages_ < sent.size(), "no message is made up or repeated (TR-2)");
        Require(SameParts(sent[messages_], reader_->parts(), all),
                "messages go out as sent (TR-3)");
        ++messages_;
        break;
    }
  }
}

bool StrictOutput::cut() const {
  if (!reader_) return false;
  if (reader_->in_message()) return true;
  if (octets_.size() <= reader_->position()) return false;
  const bool command = (static_cast<std::uint8_t>(octets_[reader_->position()]) & 4) != 0;
  return reader_->framing() == Framing::kZmtp10 || !command;
}

bool StrictOutput::at_rest() const {
  return !reader_ || (octets_.size() == reader_->position() && !reader_->in_message());
}

}  // namespace monocoque::fuzz
