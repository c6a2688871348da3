#include "protocol/wire/frame.h"

namespace monocoque {

std::string_view FrameViolation(FrameParse result) {
  switch (result) {
    case FrameParse::kOk:
    case FrameParse::kNeedMore:
      break;
    case FrameParse::kReservedFlags:
      return "frame with reserved flag bits set";
    case FrameParse::kMoreOnCommand:
      return "command frame with the MORE flag";
    case FrameParse::kSizeTooLarge:
      return "frame size with its top bit set";
    case FrameParse::kZeroLength:
      return "frame of length zero";
  }
  return {};
}

FrameParse ParseFrameHeader(Bytes bytes, FrameHeader* out) {
  if (bytes.empty()) return FrameParse::kNeedMore;
  const std::uint8_t flags = bytes[0];
  if ((flags & frame::kReserved) != 0) return FrameParse::kReservedFlags;
  if ((flags & frame::kCommand) != 0 && (flags & frame::kMore) != 0) {
    return FrameParse::kMoreOnCommand;
  }
  if ((flags & frame::kLong) == 0) {
    if (bytes.size() < frame::kShortHeaderBytes) return FrameParse::kNeedMore;
    *out = {flags, frame::kShortHeaderBytes, bytes[1]};
    return FrameParse::kOk;
  }
  if (bytes.size() < frame::kLongHeaderBytes) return FrameParse::kNeedMore;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 8; ++i) size = size << 8 | bytes[1 + i];
  if (size >> 63 != 0) return FrameParse::kSizeTooLarge;
  *out = {flags, frame::kLongHeaderBytes, size};
  return FrameParse::kOk;
}

}  // namespace monocoque
