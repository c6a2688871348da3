#ifndef MONOCOQUE_BENCH_FRAMES_H_
#define MONOCOQUE_BENCH_FRAMES_H_

#include <cstddef>

#include "alloc/block.h"
#include "alloc/bytes.h"

namespace monocoque::bench {

// What a walk over frame headers found.
struct Walked {
  std::size_t messages = 0;
  std::size_t octets = 0;
};

// The least that any decoder must do: goes from header to header, one-part messages in short or
// long frames, touching no body. The yardstick for the real ones.
Walked WalkHeaders(Bytes octets);

// A block full of whole one-part messages of `body_bytes` each; `*octets` is how far it is filled.
BlockPtr FramesBlock(std::size_t block_bytes, std::size_t body_bytes, std::size_t* octets);

}  // namespace monocoque::bench

#endif  // MONOCOQUE_BENCH_FRAMES_H_
