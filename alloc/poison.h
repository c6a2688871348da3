#ifndef MONOCOQUE_ALLOC_POISON_H_
#define MONOCOQUE_ALLOC_POISON_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define MONOCOQUE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MONOCOQUE_ASAN 1
#endif
#endif

#ifdef MONOCOQUE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace monocoque {

// Memory that nobody may touch now (a slab that rests in its pool). Without AddressSanitizer:
// nothing.
inline void Poison([[maybe_unused]] const void* at, [[maybe_unused]] std::size_t bytes) {
#ifdef MONOCOQUE_ASAN
  __asan_poison_memory_region(at, bytes);
#endif
}

inline void Unpoison([[maybe_unused]] const void* at, [[maybe_unused]] std::size_t bytes) {
#ifdef MONOCOQUE_ASAN
  __asan_unpoison_memory_region(at, bytes);
#endif
}

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_POISON_H_
