#ifndef MONOCOQUE_ALLOC_TRANSMIT_BATCH_H_
#define MONOCOQUE_ALLOC_TRANSMIT_BATCH_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "alloc/bytes.h"
#include "alloc/slice.h"

namespace monocoque {

// Slices that are being written, in order. It owns its memory: the transport may hold it for as
// long as the write lasts, past the end of the connection it came from. The holder advances it over
// short writes and gives it back with ReturnBatch, saying how much was written in all.
//
// Movable, not copyable. Invariant: written() + remaining() == the sum of the slices' sizes.
class TransmitBatch {
 public:
  TransmitBatch() = default;
  TransmitBatch(TransmitBatch&&) noexcept = default;
  TransmitBatch& operator=(TransmitBatch&&) noexcept = default;
  TransmitBatch(const TransmitBatch&) = delete;
  TransmitBatch& operator=(const TransmitBatch&) = delete;

  void Append(Slice slice) {
    remaining_ += slice.size();
    slices_.push_back(std::move(slice));
  }

  bool empty() const { return remaining_ == 0; }
  std::size_t remaining() const { return remaining_; }
  // Octets written so far, as told by Advance.
  std::size_t written() const { return written_; }
  // Slices not yet written in full.
  std::size_t slices() const { return slices_.size() - first_; }

  // The next octets to write, as many spans as fit in `out`; returns how many were filled. The
  // first one begins where the last short write ended. Valid until the next call that changes the
  // batch.
  std::size_t Spans(std::span<Bytes> out) const;
  // The same, each given to `take`: `most` at the most.
  template <typename TakeSpan>
  std::size_t VisitSpans(std::size_t most, TakeSpan&& take) const {
    const std::size_t count = std::min(most, slices());
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes octets = slices_[first_ + i].bytes();
      take(i > 0 ? octets : octets.subspan(offset_));
    }
    return count;
  }

  // `bytes` more were written.
  void Advance(std::size_t bytes);

  // Moves the next slice out, what is left of it, as if it were written. The batch is not empty.
  Slice Take();

  // Drops all slices. Keeps the memory that listed them, as long as at least a quarter of it was
  // used in the last ten times or so.
  void Clear();

 private:
  std::vector<Slice> slices_;
  std::size_t peak_ = 0;    // the most slices lately
  std::size_t first_ = 0;   // the first slice not written in full
  std::size_t offset_ = 0;  // octets of it that are written
  std::size_t remaining_ = 0;
  std::size_t written_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_TRANSMIT_BATCH_H_
