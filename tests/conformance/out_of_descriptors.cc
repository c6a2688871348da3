#include "tests/conformance/out_of_descriptors.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace monocoque::conformance {

double FailuresInAWhile(const std::function<void()>& turn, FaceSocket* at, SocketEvent::Kind kind) {
  const absl::Time begin = absl::Now();
  int failures = 0;
  for (int turns = 0; turns < 300; ++turns) {
    turn();
    for (SocketEvent event; at->NextEvent(&event);) failures += event.kind == kind ? 1 : 0;
  }
  return failures / (1 + (absl::Now() - begin) / absl::Milliseconds(100));
}

}  // namespace monocoque::conformance
