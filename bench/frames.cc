#include "bench/frames.h"

#include <cstring>

#include "protocol/wire/frame.h"

namespace monocoque::bench {

Walked WalkHeaders(Bytes octets) {
  Walked walked;
  std::size_t at = 0;
  while (octets.size() - at >= frame::kShortHeaderBytes) {
    std::size_t total = 0;
    if ((octets[at] & frame::kLong) == 0) [[likely]] {
      total = frame::kShortHeaderBytes + octets[at + 1];
    } else {
      FrameHeader header;
      if (ParseFrameHeader(octets.subspan(at), &header) != FrameParse::kOk) break;
      total = header.header_bytes + static_cast<std::size_t>(header.body_bytes);
    }
    if (total > octets.size() - at) break;
    at += total;
    ++walked.messages;
  }
  walked.octets = at;
  return walked;
}

BlockPtr FramesBlock(std::size_t block_bytes, std::size_t body_bytes, std::size_t* octets) {
  BlockPtr block = Block::Allocate(block_bytes, nullptr);
  const MutableBytes room(block->data(), block_bytes);
  std::memset(room.data(), 'x', room.size());
  const std::size_t frame_bytes = FrameHeaderBytes(body_bytes) + body_bytes;
  std::size_t at = 0;
  for (; at + frame_bytes <= block_bytes; at += frame_bytes) {
    EncodeFrameHeader(0, body_bytes, room.subspan(at));
  }
  *octets = at;
  return block;
}

}  // namespace monocoque::bench
