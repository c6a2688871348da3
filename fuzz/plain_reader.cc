#include "fuzz/plain_reader.h"

#include "alloc/slice.h"

namespace monocoque::fuzz {

PlainReader::Result PlainReader::Violation(std::string_view sentence, std::size_t octets) {
  if (violation_.empty()) at_ += octets;
  violation_ = sentence;
  return Result::kViolation;
}

PlainReader::Result PlainReader::Next(Bytes stream) {
  if (!violation_.empty()) return Result::kViolation;
  if (complete_) {
    parts_.clear();
    bytes_ = 0;
    complete_ = false;
  }
  for (;;) {
    const Bytes here = stream.subspan(at_);
    if (here.empty()) return Result::kNeedData;
    const bool more = (here[0] & 1) != 0;
    const bool wide = (here[0] & 2) != 0;
    const bool command = (here[0] & 4) != 0;
    if (here[0] > 7) return Violation("frame with reserved flag bits set", 1);
    if (more && command) return Violation("command frame with the MORE flag", 1);
    const std::size_t head = wide ? 9 : 2;
    if (here.size() < head) return Result::kNeedData;
    std::uint64_t size = 0;
    for (std::size_t i = 1; i < head; ++i) size = size * 256 + here[i];
    if (size > 0x7fffffffffffffffu) return Violation("frame size with its top bit set", head);
    if (command) {
      if (size > limits_.max_command_bytes) return Violation("command larger than the limit", head);
    } else if (size > limits_.max_frame_bytes) {
      return Violation("frame larger than the limit", head);
    } else if (bytes_ + size > limits_.max_message_bytes) {
      return Violation("message larger than the limit", head);
    } else if (parts_.size() + 1 > limits_.max_parts) {
      return Violation("message of more parts than the limit", head);
    }
    if (here.size() - head < size) return Result::kNeedData;
    const Range body{at_ + head, static_cast<std::size_t>(size)};
    at_ = body.at + body.size;
    if (wide && size < 256) ++needlessly_long_;
    if (command) {
      body_ = body;
      return Result::kCommand;
    }
    parts_.push_back(body);
    bytes_ += size;
    if (more) continue;
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
