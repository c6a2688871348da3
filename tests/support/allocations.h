#ifndef MONOCOQUE_TESTS_SUPPORT_ALLOCATIONS_H_
#define MONOCOQUE_TESTS_SUPPORT_ALLOCATIONS_H_

#include <cstdint>

namespace monocoque::testing {

// What went through operator new and operator delete, which this library replaces for the whole
// program, on any thread.
struct Allocations {
  std::int64_t made = 0;        // since the program began
  std::int64_t live = 0;        // not yet freed
  std::int64_t live_bytes = 0;  // of those, rounded up as the allocator does

  friend Allocations operator-(const Allocations& a, const Allocations& b) {
    return {a.made - b.made, a.live - b.live, a.live_bytes - b.live_bytes};
  }
};

Allocations CountAllocations();

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_ALLOCATIONS_H_
