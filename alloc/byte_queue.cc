#include "alloc/byte_queue.h"

#include <algorithm>
#include <cstring>

namespace monocoque {

void ByteQueue::Open(Piece piece) {
  piece_position_ += static_cast<std::uint64_t>(cur_ - begin_);
  lease_ = BlockLease(BlockPtr(piece.block));
  begin_ = cur_ = piece.begin;
  end_ = piece.end;
}

void ByteQueue::NextPiece() {
  if (pieces_.empty()) {
    // The block goes back now: an idle link holds none. What follows in the same block opens it
    // anew.
    piece_position_ += static_cast<std::uint64_t>(cur_ - begin_);
    begin_ = cur_ = end_ = nullptr;
    lease_ = BlockLease();
    pieces_.Rest();
    return;
  }
  const Piece piece = pieces_.take_front();
  behind_ -= static_cast<std::size_t>(piece.end - piece.begin);
  Open(piece);
}

void ByteQueue::Append(Slice slice) {
  if (slice.empty()) return;
  if (slice.block() == nullptr) {
    BlockPtr block = Block::Allocate(Slice::kInlineBytes, nullptr);
    if (!block) return;
    std::memcpy(block->data(), slice.data(), slice.size());
    const std::uint8_t* copy = block->data();
    slice = Slice(std::move(block), copy, slice.size());
  }
  const std::uint8_t* begin = slice.data();
  const std::uint8_t* end = begin + slice.size();
  if (cur_ == end_) {
    Open({slice.release(), begin, end});
    return;
  }
  // Joined if it lies right behind the last piece.
  if (pieces_.empty()) {
    if (lease_.block() == slice.block() && end_ == begin) {
      end_ = end;
      return;
    }
  } else if (pieces_.back().block == slice.block() && pieces_.back().end == begin) {
    pieces_.back().end = end;
    behind_ += slice.size();
    return;
  }
  behind_ += slice.size();
  pieces_.push_back({slice.release(), begin, end});
}

void ByteQueue::Skip(std::size_t count) {
  while (count > 0) {
    const std::size_t here = std::min(count, static_cast<std::size_t>(end_ - cur_));
    if (here == 0) return;
    count -= here;
    Advance(here);
  }
}

void ByteQueue::Truncate(std::size_t size) {
  const std::size_t front = contiguous().size();
  std::size_t keep = size > front ? size - front : 0;
  behind_ = std::min(behind_, keep);
  for (std::size_t left = pieces_.size(); left > 0; --left) {
    Piece piece = pieces_.take_front();
    const std::size_t here = std::min(keep, static_cast<std::size_t>(piece.end - piece.begin));
    keep -= here;
    if (here == 0) {
      piece.block->Unref();
    } else {
      piece.end = piece.begin + here;
      pieces_.push_back(piece);
    }
  }
  if (size >= front) return;
  end_ = cur_ + size;
  if (size == 0) NextPiece();
}

std::size_t ByteQueue::CopyOut(std::size_t offset, MutableBytes out) const {
  std::size_t copied = 0;
  auto take = [&](const std::uint8_t* begin, const std::uint8_t* end) {
    const auto here = static_cast<std::size_t>(end - begin);
    if (offset >= here) {
      offset -= here;
      return;
    }
    const std::size_t count = std::min(here - offset, out.size() - copied);
    if (count > 0) std::memcpy(out.data() + copied, begin + offset, count);
    copied += count;
    offset = 0;
  };
  take(cur_, end_);
  for (std::size_t i = 0; i < pieces_.size() && copied < out.size(); ++i) {
    take(pieces_[i].begin, pieces_[i].end);
  }
  return copied;
}

Bytes ByteQueue::SpanAt(std::size_t offset) const {
  const Bytes front = contiguous();
  if (offset < front.size()) return front.subspan(offset);
  offset -= front.size();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Bytes piece(pieces_[i].begin, pieces_[i].end);
    if (offset < piece.size()) return piece.subspan(offset);
    offset -= piece.size();
  }
  return {};
}

void ByteQueue::Compact(SlabPool* pool, Budget* budget) {
  if (empty()) return;
  std::size_t pinned = 0;
  std::size_t charged = 0;  // of these, to `budget`
  const auto count = [&](const Block& block) {
    pinned += block.capacity();
    if (budget != nullptr && block.charged_to(*budget)) charged += block.capacity();
  };
  count(*lease_.block());
  for (std::size_t i = 0; i < pieces_.size(); ++i) count(*pieces_[i].block);
  const std::size_t bytes = size();
  if (bytes > pinned / 4) return;
  const auto acquire = [&](Budget* from) {
    return pool != nullptr ? pool->AcquireAtLeast(bytes, from) : Block::Allocate(bytes, from);
  };
  BlockPtr copy = acquire(budget);
  const bool refused = !copy && charged > 0;
  if (refused) copy = acquire(nullptr);
  if (!copy || (refused && copy->capacity() > charged)) return;
  CopyOut(0, MutableBytes(copy->data(), bytes));
  const std::uint8_t* data = copy->data();
  const std::uint64_t at = position();
  Clear();
  if (refused) copy->ChargeTo(budget);
  piece_position_ = at;
  Append(Slice(std::move(copy), data, bytes));
}

void ByteQueue::Clear() {
  piece_position_ += size() + static_cast<std::uint64_t>(cur_ - begin_);
  while (!pieces_.empty()) pieces_.take_front().block->Unref();
  pieces_.Rest();
  behind_ = 0;
  begin_ = cur_ = end_ = nullptr;
  lease_ = BlockLease();
}

}  // namespace monocoque
