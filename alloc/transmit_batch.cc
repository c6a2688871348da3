#include "alloc/transmit_batch.h"

#include <algorithm>
#include <utility>

namespace monocoque {

std::size_t TransmitBatch::Spans(std::span<Bytes> out) const {
  auto next = out.begin();
  return VisitSpans(out.size(), [&next](Bytes octets) { *next++ = octets; });
}

void TransmitBatch::Advance(std::size_t bytes) {
  bytes = std::min(bytes, remaining_);
  remaining_ -= bytes;
  written_ += bytes;
  while (bytes > 0) {
    const std::size_t left = slices_[first_].size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    ++first_;
    offset_ = 0;
  }
}

Slice TransmitBatch::Take() {
  Slice& next = slices_[first_];
  Slice taken = offset_ == 0 ? std::move(next) : next.Sub(offset_, next.size() - offset_);
  remaining_ -= taken.size();
  written_ += taken.size();
  ++first_;
  offset_ = 0;
  return taken;
}

void TransmitBatch::Clear() {
  if (!slices_.empty()) {
    peak_ = std::max(slices_.size(), peak_ - (peak_ + 7) / 8);
    slices_.clear();
    if (peak_ < slices_.capacity() / 4) slices_.shrink_to_fit();
  }
  first_ = offset_ = remaining_ = written_ = 0;
}

}  // namespace monocoque
