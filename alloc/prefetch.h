#ifndef MONOCOQUE_ALLOC_PREFETCH_H_
#define MONOCOQUE_ALLOC_PREFETCH_H_

#include <cstddef>
#include <cstdint>

namespace monocoque {

// Tells the processor that what lies at `address` is read soon. Any address will do, a null one
// too.
inline void Prefetch(const void* address) { __builtin_prefetch(address); }

// What the processor fetches at once, in octets.
inline constexpr std::size_t kCacheLine = 64;

// The same for the cache line of `address` and the next one.
inline void PrefetchTwo(const void* address) {
  Prefetch(address);
  // A null pointer has no next octet; a number has.
  Prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(address) + kCacheLine));
}

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_PREFETCH_H_
