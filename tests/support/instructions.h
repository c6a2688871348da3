#ifndef MONOCOQUE_TESTS_SUPPORT_INSTRUCTIONS_H_
#define MONOCOQUE_TESTS_SUPPORT_INSTRUCTIONS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace monocoque::testing {

// Called within what is measured, in pairs: at the beginning of what is counted, and at its end.
using Mark = std::function<void()>;

// Runs `run` in a process of its own, whose first thread it takes through each marked part one
// instruction at a time: how many there were in each, exactly, on a machine without counters too.
// Of the kernel's work nothing is counted. A step takes microseconds; tens of them on a virtual
// machine.
//
// Permission denied: this process may not trace another. Aborted: `run` returned an error, which is
// on stderr, or ended in another way. Resource exhausted: a part has more than `most` instructions.
absl::StatusOr<std::vector<std::uint64_t>> CountInstructions(
    const std::function<absl::Status(const Mark& mark)>& run, std::uint64_t most = 20'000'000);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_INSTRUCTIONS_H_
