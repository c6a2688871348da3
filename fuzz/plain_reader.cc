#include "fuzz/plain_reader.h"

#include "alloc/slice.h"

namespace monocoque::fuzz {

PlainReader::Result PlainReader::Violation(std::string_view sentence, std::size_t octets) {
  if (violation_.empty()) at_ += octets;
  violation_ = sentence;
  return Result::kViolation;
}

PlainReader::Result PlainReader::ReadHead(Bytes here, Head* out) {
  if (here.empty()) return Result::kNeedData;
  out->more = (here[0] & 1) != 0;
  out->wide = (here[0] & 2) != 0;
  out->command = (here[0] & 4) != 0;
  out->octets = out->wide ? 9 : 2;
  if (here[0] > 7) return Violation("frame with reserved flag bits set", 1);
  if (out->more && out->command) return Violation("command frame with the MORE flag", 1);
  if (here.size() < out->octets) return Result::kNeedData;
  for (std::size_t i = 1; i < out->octets; ++i) out->size = out->size * 256 + here[i];
  if (out->size > 0x7fffffffffffffffu) {
    return Violation("frame size with its top bit set", out->octets);
  }
  if (out->command && framing_ == Framing::kZmtp20) {
    return Violation("command frame from a peer of ZMTP 2.0", out->octets);
  }
  return Result::kMessage;
}

// Its length counts the flags, which come behind it.
PlainReader::Result PlainReader::ReadHeadZmtp10(Bytes here, Head* out) {
  if (here.empty()) return Result::kNeedData;
  out->wide = here[0] == 255;
  const std::size_t length_octets = out->wide ? 9 : 1;
  out->octets = length_octets + 1;
  if (here.size() < length_octets) return Result::kNeedData;
  std::uint64_t length = out->wide ? 0 : here[0];
  for (std::size_t i = 1; i < length_octets; ++i) length = length * 256 + here[i];
  if (length == 0) return Violation("frame of length zero", length_octets);
  if (length > 0x7fffffffffffffffu) {
    return Violation("frame size with its top bit set", length_octets);
  }
  if (here.size() < out->octets) return Result::kNeedData;
  out->more = (here[length_octets] & 1) != 0;
  out->size = length - 1;
  return Result::kMessage;
}

PlainReader::Result PlainReader::Next(Bytes stream) {
  if (!violation_.empty()) return Result::kViolation;
  if (complete_) {
    parts_.clear();
    bytes_ = 0;
    complete_ = false;
  }
  const bool zmtp10 = framing_ == Framing::kZmtp10;
  for (;;) {
    const Bytes here = stream.subspan(at_);
    Head head;
    const Result read = zmtp10 ? ReadHeadZmtp10(here, &head) : ReadHead(here, &head);
    if (read != Result::kMessage) return read;
    if (head.command) {
      if (head.size > limits_.max_command_bytes) {
        return Violation("command larger than the limit", head.octets);
      }
    } else if (head.size > limits_.max_frame_bytes) {
      return Violation("frame larger than the limit", head.octets);
    } else if (bytes_ + head.size > limits_.max_message_bytes) {
      return Violation("message larger than the limit", head.octets);
    } else if (parts_.size() + 1 > limits_.max_parts) {
      return Violation("message of more parts than the limit", head.octets);
    }
    if (here.size() - head.octets < head.size) return Result::kNeedData;
    const Range body{at_ + head.octets, static_cast<std::size_t>(head.size)};
    at_ = body.at + body.size;
    if (head.wide && head.size < (zmtp10 ? 254u : 256u)) ++needlessly_long_;
    if (head.command) {
      body_ = body;
      return Result::kCommand;
    }
    parts_.push_back(body);
    bytes_ += head.size;
    if (head.more) continue;
    complete_ = true;
    return Result::kMessage;
  }
}

bool SameParts(const Message& message, const std::vector<PlainReader::Range>& parts, Bytes stream) {
  if (message.multipart() != (parts.size() > 1)) return false;
  if (parts.size() == 1) return message.text() == AsText(parts[0].In(stream));
  auto expected = parts.begin();
  for (const Slice& part : message) {
    if (expected == parts.end() || part.text() != AsText(expected->In(stream))) return false;
    ++expected;
  }
  return expected == parts.end();
}

}  // namespace monocoque::fuzz
