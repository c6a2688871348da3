#include "alloc/byte_chain.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace monocoque {
namespace {

// The block that a burst begins with, if that has room for as much as the last one copied.
constexpr std::size_t kSmallBytes = 8 * 1024;

}  // namespace

// Makes a segment of what was written into the slab since the last one.
void ByteChain::CloseOpen() {
  const auto size = static_cast<std::size_t>(write_ - open_);
  if (size == 0) return;
  segments_.push_back({Slice(slab_, open_, size), open_messages_, open_boundary_,
                       open_continues_ ? size : open_tail_});
  open_continues_ = in_message_;
  open_tail_ = 0;
  closed_messages_ += open_messages_;
  copied_ += size;
  open_ = write_;
  open_messages_ = 0;
  open_boundary_ = kNoBoundary;
}

// Many links with little to write are not spread over as many slabs, of which each costs the
// processor's caches a miss.
std::size_t ByteChain::NextBlockBytes() const {
  const bool little = !slab_ && copied_last_ <= kSmallBytes;
  return little ? std::min(kSmallBytes, pool_->slab_bytes()) : pool_->slab_bytes();
}

BlockPtr ByteChain::Acquire(std::size_t count) {
  BlockPtr block = pool_->AcquireAtLeast(count, budget_.get());
  if (!block && reserve_ != nullptr) block = pool_->AcquireAtLeast(count, reserve_);
  return block;
}

MutableBytes ByteChain::PrepareSlow(std::size_t count) {
  if (count > pool_->slab_bytes()) return {};
  BlockPtr slab = Acquire(std::max(count, NextBlockBytes()));
  if (!slab) return {};
  CloseOpen();
  slab_ = std::move(slab);
  open_ = write_ = slab_->data();
  limit_ = open_ + slab_->capacity();
  return {write_, room()};
}

void ByteChain::AppendSlice(Slice slice, std::size_t messages) {
  if (slice.empty()) return;
  CloseOpen();
  const std::size_t size = slice.size();
  bytes_ += size;
  closed_messages_ += messages;
  segments_.push_back({std::move(slice), messages, messages > 0 ? 0 : kNoBoundary,
                       messages == 0 && in_message_ ? size : 0});
  in_message_ = in_message_ || messages > 0;
  open_continues_ = in_message_;
}

Slice ByteChain::CopyAside(Bytes bytes) {
  BlockPtr block = Acquire(bytes.size());
  if (!block) return Slice();
  std::uint8_t* const data = block->data();
  std::memcpy(data, bytes.data(), bytes.size());
  return Slice(std::move(block), data, bytes.size());
}

bool ByteChain::AppendCopy(Bytes bytes) {
  if (bytes.size() > pool_->slab_bytes()) {
    Slice copy = CopyAside(bytes);
    if (copy.size() != bytes.size()) return false;
    AppendSlice(std::move(copy));
    return true;
  }
  MutableBytes room = Prepare(bytes.size());
  if (room.size() < bytes.size()) return false;
  std::memcpy(room.data(), bytes.data(), bytes.size());
  Commit(bytes.size());
  return true;
}

bool ByteChain::Fill(TransmitBatch* batch, std::size_t max_bytes) {
  if (in_flight()) return false;
  CloseOpen();
  if (segments_.empty()) return false;
  batch->Clear();
  std::size_t skip = front_written_;
  while (filled_segments_ < segments_.size()) {
    Segment& segment = segments_[filled_segments_];
    const std::size_t size = segment.octets.size() - skip;
    if (filled_segments_ > 0 && filled_bytes_ + size > max_bytes) break;
    batch->Append(skip > 0 ? segment.octets.Sub(skip, size) : segment.octets);
    filled_bytes_ += size;
    closed_messages_ -= segment.messages;
    ++filled_segments_;
    skip = 0;
  }
  return true;
}

void ByteChain::Pop(std::size_t written) {
  written = std::min(written, filled_bytes_);
  bytes_ -= written;
  while (filled_segments_ > 0) {
    Segment& front = segments_.front();
    const std::size_t left = front.octets.size() - front_written_;
    if (written < left) break;
    written -= left;
    front_written_ = 0;
    segments_.pop_front();
    --filled_segments_;
  }
  front_written_ += written;
  // What came back unwritten counts as waiting again, save the messages that begun in the gone
  // part.
  for (std::size_t i = 0; i < filled_segments_; ++i) closed_messages_ += segments_[i].messages;
  filled_segments_ = 0;
  filled_bytes_ = 0;
  if (bytes_ > 0) return;
  copied_last_ = std::exchange(copied_, 0);
  Rest();
}

bool ByteChain::TakeUnsent(Unsent* out) {
  CloseOpen();
  *out = Unsent();
  while (!segments_.empty()) {
    Segment segment = segments_.take_front();
    const std::size_t written = std::exchange(front_written_, 0);
    bytes_ -= segment.octets.size() - written;
    closed_messages_ -= segment.messages;
    if (!unsent_found_) {
      out->cut = out->cut || written < segment.tail;
      if (segment.messages == 0) continue;
      unsent_found_ = true;
      out->begun = written > segment.boundary ? written - segment.boundary : 0;
      segment.octets.RemovePrefix(segment.boundary);
    }
    out->octets = std::move(segment.octets);
    return true;
  }
  Rest();  // the link may have more to give yet
  return out->cut;
}

void ByteChain::Rest() {
  CloseOpen();
  if (!segments_.empty()) return;
  slab_ = BlockPtr();
  open_ = write_ = limit_ = nullptr;
  segments_.Rest();
}

}  // namespace monocoque
