#include "protocol/wire/message.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "alloc/block.h"
#include "protocol/wire/frame.h"

namespace monocoque {
namespace {

using PartList = absl::InlinedVector<Bytes, 8>;

// Wire form was checked when it was made: what does not parse here cannot be.
FrameHeader HeaderAt(Bytes frames, std::size_t at) {
  FrameHeader header;
  if (at >= frames.size() || ParseFrameHeader(frames.subspan(at), &header) != FrameParse::kOk ||
      header.body_bytes > frames.size() - at - header.header_bytes) {
    return {0, frames.size() - std::min(at, frames.size()), 0};
  }
  return header;
}

void Collect(const Message& message, PartList* out) {
  if (!message.multipart()) {
    out->push_back(message.payload().bytes());
    return;
  }
  const Bytes frames = message.payload().bytes();
  for (std::size_t at = 0; at < frames.size();) {
    const FrameHeader header = HeaderAt(frames, at);
    at += header.header_bytes;
    out->push_back(frames.subspan(at, header.body_bytes));
    at += header.body_bytes;
  }
}

}  // namespace

Message::Iterator::Iterator(const Message* message, std::size_t frame)
    : message_(message), frame_(frame) {
  if (frame_ == kEnd) return;
  const Bytes all = message_->payload_.bytes();
  if (!message_->multipart()) {
    size_ = all.size();
    return;
  }
  const FrameHeader header = HeaderAt(all, frame_);
  at_ = frame_ + header.header_bytes;
  size_ = header.body_bytes;
}

Message::Iterator& Message::Iterator::operator++() {
  const std::size_t next = at_ + size_;
  const bool more = message_->multipart() && next < message_->payload_.size();
  *this = Iterator(message_, more ? next : kEnd);
  return *this;
}

Message::Message(absl::Span<const std::string> parts)
    : Message(absl::InlinedVector<std::string_view, 8>(parts.begin(), parts.end())) {}

Message::Message(absl::Span<const std::string_view> parts) {
  if (parts.size() < 2) {
    if (!parts.empty()) SetBody(AsBytes(parts[0]));
    return;
  }
  PartList list;
  for (std::string_view part : parts) list.push_back(AsBytes(part));
  ReplaceParts(list);
}

std::size_t Message::part_count() const {
  if (!multipart()) return 1;
  std::size_t count = 0;
  for (Iterator it = begin(); it != end(); ++it) ++count;
  return count;
}

std::size_t Message::total_bytes() const {
  if (!multipart()) return payload_.size();
  std::size_t total = 0;
  for (Iterator it = begin(); it != end(); ++it) total += it.size_;
  return total;
}

Part Message::operator[](std::size_t index) const {
  for (Iterator it = begin(); it != end(); ++it) {
    if (index-- == 0) return Part(payload_.bytes().subspan(it.at_, it.size_));
  }
  return Part();
}

Slice Message::Share(std::size_t index) const {
  for (Iterator it = begin(); it != end(); ++it) {
    if (index-- == 0) return *it;
  }
  return Slice();
}

Slice Message::ShareRange(std::size_t offset, std::size_t size) const {
  if (payload_.is_inline()) return Slice::Copy(payload_.bytes().subspan(offset, size));
  return payload_.ToSlice().Sub(offset, size);
}

void Message::ReplaceParts(absl::Span<const Bytes> parts) {
  if (parts.size() == 1) {
    // Through a slice: the part may lie in this very message.
    payload_.AssignSlice(Slice::Copy(parts[0]));
    payload_.set_tag(0);
    return;
  }
  std::size_t total = 0;
  for (Bytes part : parts) total += FrameHeaderBytes(part.size()) + part.size();
  BlockPtr block = Block::Allocate(total, nullptr);
  if (!block) return;
  const MutableBytes out(block->data(), total);
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint8_t flags = i + 1 < parts.size() ? frame::kMore : std::uint8_t{0};
    at += EncodeFrameHeader(flags, parts[i].size(), out.subspan(at));
    std::ranges::copy(parts[i], out.begin() + static_cast<std::ptrdiff_t>(at));
    at += parts[i].size();
  }
  const std::uint8_t* data = block->data();
  payload_.AssignSlice(Slice(std::move(block), data, total));
  payload_.set_tag(kMultipart);
}

void Message::AddPart(Bytes part) {
  PartList parts;
  Collect(*this, &parts);
  parts.push_back(part);
  const std::uint8_t kind = payload_.tag() & kAttributes;
  const Slice attribute = Slice::Copy(payload_.attribute());
  ReplaceParts(parts);
  if (kind != 0 && payload_.SetAttribute(attribute)) {
    payload_.set_tag(static_cast<std::uint8_t>(payload_.tag() | kind));
  }
}

bool Message::SetAttribute(std::uint8_t kind, Bytes bytes) {
  if (!payload_.SetAttribute(bytes)) return false;
  payload_.set_tag(static_cast<std::uint8_t>((payload_.tag() & kMultipart) | kind));
  return true;
}

bool Message::SetAttribute(std::uint8_t kind, const Slice& slice) {
  if (!payload_.SetAttribute(slice)) return false;
  payload_.set_tag(static_cast<std::uint8_t>((payload_.tag() & kMultipart) | kind));
  return true;
}

bool Message::set_to(const Slice& id) { return SetAttribute(kRoutingId, id); }

void Message::IdToFront() {
  const Slice id = Slice::Copy(routing_id());
  PartList parts;
  parts.push_back(id.bytes());
  Collect(*this, &parts);
  ReplaceParts(parts);
}

bool Message::FrontToId() { return !bytes().empty() && FrontToAttribute(kRoutingId); }

bool Message::FrontToAttribute(std::uint8_t kind) {
  if (!multipart() || size() > Payload::kMaxAttributeBytes) return false;
  // One that fits inside is copied, which costs less than a reference.
  const std::size_t count = size();
  const bool fits = payload_.is_inline() || count <= Payload::kBesideShareBytes;
  std::array<std::uint8_t, kInlineBytes> copy;
  Slice share;
  if (fits) {
    std::ranges::copy(bytes(), copy.begin());
  } else {
    share = Share(0);
  }
  RemoveFront(1);
  const bool set = fits ? SetAttribute(kind, Bytes(copy).first(count)) : SetAttribute(kind, share);
  if (!multipart()) payload_.TakeInside();
  return set;
}

bool Message::DropFront(std::size_t count) {
  if (!RemoveFront(count)) return false;
  if (!multipart()) payload_.TakeInside();
  return true;
}

bool Message::RemoveFront(std::size_t count) {
  if (count == 0) return true;
  if (!multipart()) return false;
  Iterator it = begin();
  for (; count > 0 && it != end(); --count) ++it;
  if (it == end()) return false;
  if (it.at_ + it.size_ < payload_.size()) {
    payload_.RemovePrefix(it.frame_);
    return true;
  }
  // One part is left: its body alone.
  payload_.RemovePrefix(it.at_);
  payload_.set_tag(static_cast<std::uint8_t>(payload_.tag() & ~kMultipart));
  return true;
}

std::size_t Message::wire_bytes() const {
  if (multipart()) return payload_.size();
  return FrameHeaderBytes(payload_.size()) + payload_.size();
}

bool operator==(const Message& a, const Message& b) {
  PartList left;
  PartList right;
  Collect(a, &left);
  Collect(b, &right);
  return std::ranges::equal(left, right, [](Bytes x, Bytes y) { return std::ranges::equal(x, y); });
}

}  // namespace monocoque
