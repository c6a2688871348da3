#include "alloc/slice.h"

#include <algorithm>

namespace monocoque {

Slice Slice::Copy(Bytes bytes, Budget* budget) {
  Slice slice;
  if (bytes.empty()) return slice;
  if (bytes.size() <= kInlineBytes) {
    slice.size_ = bytes.size();
    std::memcpy(slice.u_.octets, bytes.data(), bytes.size());
    return slice;
  }
  BlockPtr block = Block::Allocate(bytes.size(), budget);
  if (!block) return slice;
  std::memcpy(block->data(), bytes.data(), bytes.size());
  const std::uint8_t* data = block->data();
  return Slice(std::move(block), data, bytes.size());
}

Slice Slice::Adopt(const void* data, std::size_t size, void (*release)(void* arg), void* arg) {
  const auto* octets = static_cast<const std::uint8_t*>(data);
  if (size > kInlineBytes) {
    // The block never writes: only its owner holds `data` as mutable.
    BlockPtr block = Block::Adopt(const_cast<std::uint8_t*>(octets), size, release, arg);
    if (block) return Slice(std::move(block), octets, size);
  }
  Slice copy = Copy(Bytes(octets, size));
  if (release != nullptr) release(arg);
  return copy;
}

Slice Slice::Sub(std::size_t offset, std::size_t count) const {
  offset = std::min(offset, size_);
  count = std::min(count, size_ - offset);
  if (block_ == nullptr || count <= kInlineBytes) return Copy(bytes().subspan(offset, count));
  block_->Ref();
  return Slice(BlockPtr(block_), u_.data + offset, count);
}

void Slice::RemovePrefix(std::size_t count) {
  count = std::min(count, size_);
  size_ -= count;
  if (block_ != nullptr) {
    u_.data += count;
  } else {
    std::memmove(u_.octets, u_.octets + count, size_);
  }
}

}  // namespace monocoque
