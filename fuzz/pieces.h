#ifndef MONOCOQUE_FUZZ_PIECES_H_
#define MONOCOQUE_FUZZ_PIECES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"

namespace monocoque::fuzz {

// To the front of `to`, which has room. (A plain copy: under a sanitizer the algorithms go octet by
// octet.)
inline void CopyOctets(Bytes from, MutableBytes to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

// The octets in a block of exactly their size, so that a sanitizer sees a read behind them.
inline Slice InOwnBlock(Bytes octets) {
  if (octets.empty()) return Slice();
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  CopyOctets(octets, MutableBytes(block->data(), octets.size()));
  const std::uint8_t* data = block->data();
  return Slice(std::move(block), data, octets.size());
}

// The octets in one block, as slices of `each` octets: behind each other, but with a gap after
// every second.
template <typename Sink>
void InPieces(Bytes octets, std::size_t each, Sink sink) {
  if (octets.empty()) return;
  each = std::max<std::size_t>(each, 1);
  BlockPtr block = Block::Allocate(octets.size() + octets.size() / each + 1, nullptr);
  const MutableBytes all(block->data(), block->capacity());
  std::size_t room = 0;
  bool gap = false;
  while (!octets.empty()) {
    const Bytes piece = octets.first(std::min(each, octets.size()));
    octets = octets.subspan(piece.size());
    const MutableBytes place = all.subspan(room, piece.size());
    CopyOctets(piece, place);
    room += piece.size() + (gap ? 1 : 0);
    gap = !gap;
    sink(Slice(block, place.data(), place.size()));
  }
}

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_PIECES_H_
