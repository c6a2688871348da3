#ifndef MONOCOQUE_TESTS_SUPPORT_IDLE_ADAPTER_LINKS_H_
#define MONOCOQUE_TESTS_SUPPORT_IDLE_ADAPTER_LINKS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "tests/support/idle_links.h"

namespace monocoque::testing {

// What one more idle link takes of a process on an adapter, by its name: core, adapter and runtime,
// whatever allocator they use, without the kernel's part. A PULL socket accepts, or a PUSH socket
// dials, one Connect each; the other ends are in another process, so that one end alone is counted.
// The handshake is done, and nothing was sent. Fails with a sentence where it cannot be measured.
absl::StatusOr<LinkMemory> MeasureAcceptedLinks(std::string_view adapter);
absl::StatusOr<LinkMemory> MeasureDialedLinks(std::string_view adapter);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_IDLE_ADAPTER_LINKS_H_
