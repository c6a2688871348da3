#include "fuzz/strict_output.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "fuzz/require.h"
#include "protocol/wire/limits.h"

namespace monocoque::fuzz {
namespace {

constexpr std::size_t kGreetingBytes = 64;

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

std::string Ready(std::string_view socket_type, bool sends_identity, std::string_view identity) {
  std::string body = "\x05READY";
  AppendProperty(&body, "Socket-Type", socket_type);
  if (sends_identity) AppendProperty(&body, "Identity", identity);
  return body;
}

}  // namespace

StrictOutput::StrictOutput(std::string* octets, std::string_view socket_type, bool sends_identity,
                           std::string_view identity)
    : octets_(*octets),
      ready_(Ready(socket_type, sends_identity, identity)),
      identity_bytes_(identity.size()),
      reader_(NoLimits(), kGreetingBytes) {
  octets_.clear();
}

void StrictOutput::CheckGreeting() const {
  std::array<std::uint8_t, kGreetingBytes> greeting = {0xff};
  const std::size_t padding = identity_bytes_ + 1;
  greeting[7] = static_cast<std::uint8_t>(padding / 256);
  greeting[8] = static_cast<std::uint8_t>(padding % 256);
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  std::ranges::copy(std::string_view("NULL"), greeting.begin() + 12);
  const std::size_t here = std::min(octets_.size(), greeting.size());
  Require(std::string_view(octets_).substr(0, here) == AsText(Bytes(greeting).first(here)),
          "the output begins with the greeting of RFC 37");
}

void StrictOutput::CheckCommand(std::string_view body) {
  if (!said_ready_) {
    Require(body == ready_, "READY comes first and tells our metadata");
    said_ready_ = true;
    return;
  }
  if (body.starts_with("\x05"
                       "ERROR")) {
    Require(body.size() >= 7 && body.size() - 7 == static_cast<std::uint8_t>(body[6]),
            "ERROR has a reason and nothing else");
    said_error_ = true;
    return;
  }
  Require((body.starts_with("\x04PING") && body.size() == 7) ||
              (body.starts_with("\x04PONG") && body.size() <= 5 + 16) ||
              body.starts_with("\x09SUBSCRIBE") ||
              body.starts_with("\x06"
                               "CANCEL"),
          "commands are those that we may send");
}

void StrictOutput::Check(const std::vector<Message>& sent) {
  CheckGreeting();
  if (octets_.size() < kGreetingBytes) return;
  const Bytes all = AsBytes(octets_);
  for (;;) {
    if (said_error_) Require(reader_.position() == all.size(), "nothing follows ERROR");
    const bool in_message = reader_.in_message();
    switch (reader_.Next(all)) {
      case PlainReader::Result::kNeedData:
        return;
      case PlainReader::Result::kViolation:
        return Require(false, "the output is well framed");
      case PlainReader::Result::kCommand:
        Require(!in_message && !reader_.in_message(), "no command between two parts (F-13)");
        CheckCommand(AsText(reader_.body().In(all)));
        break;
      case PlainReader::Result::kMessage:
        Require(said_ready_, "no message before READY (N-2)");
        Require(messages_ < sent.size(), "no message is made up or repeated (TR-2)");
        Require(SameParts(sent[messages_], reader_.parts(), all), "messages go out as sent (TR-3)");
        ++messages_;
        break;
    }
  }
}

bool StrictOutput::cut() const {
  if (octets_.size() <= kGreetingBytes || octets_.size() < reader_.position()) return false;
  if (reader_.in_message()) return true;
  return octets_.size() > reader_.position() &&
         (static_cast<std::uint8_t>(octets_[reader_.position()]) & 4) == 0;
}

}  // namespace monocoque::fuzz
