#ifndef MONOCOQUE_FUZZ_REQUIRE_H_
#define MONOCOQUE_FUZZ_REQUIRE_H_

#include <cstdio>
#include <cstdlib>

namespace monocoque::fuzz {

// Ends the process, and so makes the input a finding, if a property does not hold.
inline void Require(bool holds, const char* property) {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_REQUIRE_H_
