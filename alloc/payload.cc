#include "alloc/payload.h"

namespace monocoque {

Payload::Payload(const Payload& other) {
  std::memcpy(static_cast<void*>(this), static_cast<const void*>(&other), sizeof(Payload));
  if (kind_ == kShared) u_.shared.block->Ref();
  if (attribute_shared_) AttributeRef().block->Ref();
  if (kind_ == kBorrowed && !Own()) {
    kind_ = kInline;
    size_ = 0;
  }
}

Slice Payload::ToSlice() const {
  if (kind_ != kShared) return Slice::Copy(bytes());
  u_.shared.block->Ref();
  return Slice(BlockPtr(u_.shared.block), u_.shared.data, u_.shared.size);
}

void Payload::AssignSlice(Slice slice, std::size_t inline_max) {
  Clear();
  if (slice.size() <= inline_max || slice.block() == nullptr) {
    AssignInline(slice.data(), slice.size(), slice.size());
    return;
  }
  u_.shared.data = slice.data();
  u_.shared.size = slice.size();
  u_.shared.block = slice.release();
  kind_ = kShared;
}

bool Payload::AssignCopy(Bytes bytes) {
  if (bytes.size() <= kInlineBytes) {
    AssignInline(bytes.data(), bytes.size(), bytes.size());
    return true;
  }
  Slice copy = Slice::Copy(bytes);
  const bool copied = copy.size() == bytes.size();
  AssignSlice(std::move(copy));
  return copied;
}

void Payload::AssignBorrowed(Bytes bytes) {
  if (bytes.size() <= kInlineBytes) {
    AssignInline(bytes.data(), bytes.size(), bytes.size());
    return;
  }
  Clear();
  u_.shared = {nullptr, bytes.data(), bytes.size()};
  kind_ = kBorrowed;
}

bool Payload::Own() {
  if (kind_ != kBorrowed) return true;
  Slice copy = Slice::Copy(bytes());
  if (copy.size() != u_.shared.size) return false;
  u_.shared.data = copy.data();
  u_.shared.block = copy.release();
  kind_ = kShared;
  return true;
}

void Payload::Unpin() {
  if (kind_ != kShared || !u_.shared.block->charged()) return;
  Slice copy = Slice::Copy(bytes());
  if (copy.block() == nullptr) return;
  u_.shared.block->Unref();
  u_.shared.data = copy.data();
  u_.shared.block = copy.release();
}

void Payload::RemovePrefix(std::size_t offset) {
  if (kind_ != kInline) {
    u_.shared.data += offset;
    u_.shared.size -= offset;
    return;
  }
  size_ = static_cast<std::uint8_t>(size_ - offset);
  std::memmove(u_.octets, u_.octets + offset, size_);
}

void Payload::TakeInside() {
  if (kind_ == kInline || attribute_shared_) return;
  const Shared shared = u_.shared;
  if (shared.size + attribute_size_ > kInlineBytes) return;
  std::memcpy(u_.octets, shared.data, shared.size);
  size_ = static_cast<std::uint8_t>(shared.size);
  if (kind_ == kShared) shared.block->Unref();
  kind_ = kInline;
}

void Payload::DropAttribute() {
  if (attribute_shared_) AttributeRef().block->Unref();
  attribute_shared_ = false;
  attribute_size_ = 0;
}

bool Payload::MakeRoom(std::size_t room) {
  if (used_inside() + room <= kInlineBytes) return true;
  // Only inline content can be in the way: a share leaves 56 octets.
  BlockPtr block = Block::Allocate(size_, nullptr);
  if (!block) return false;
  std::memcpy(block->data(), u_.octets, size_);
  const std::size_t size = size_;
  u_.shared.data = block->data();
  u_.shared.size = size;
  u_.shared.block = block.release();
  kind_ = kShared;
  size_ = 0;
  return true;
}

bool Payload::SetAttribute(Bytes bytes) {
  if (bytes.size() > kMaxAttributeBytes) return false;
  if (used_inside() + bytes.size() > kInlineBytes) return SetAttribute(Slice::Copy(bytes));
  // Through a copy: the caller may hand in the attribute itself.
  std::uint8_t copy[kInlineBytes];
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  DropAttribute();
  attribute_size_ = static_cast<std::uint8_t>(bytes.size());
  std::memcpy(u_.octets + kInlineBytes - bytes.size(), copy, bytes.size());
  return true;
}

bool Payload::SetAttribute(const Slice& slice) {
  if (slice.size() > kMaxAttributeBytes) return false;
  if (used_inside() + slice.size() <= kInlineBytes) return SetAttribute(slice.bytes());
  DropAttribute();
  const std::size_t room = slice.block() != nullptr ? sizeof(Attribute) : slice.size();
  if (!MakeRoom(room)) return false;
  if (slice.block() == nullptr) return SetAttribute(slice.bytes());
  slice.block()->Ref();
  const Attribute ref{slice.block(), slice.data()};
  std::memcpy(u_.octets + kAttributeAt, &ref, sizeof(ref));
  attribute_size_ = static_cast<std::uint8_t>(slice.size());
  attribute_shared_ = true;
  return true;
}

}  // namespace monocoque
