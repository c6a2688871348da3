#ifndef MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_
#define MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_

#include <functional>

#include "protocol/socket/event.h"
#include "tests/conformance/cell.h"

namespace monocoque::conformance {

// What an operation says that got no descriptor.
inline constexpr char kDescriptorsAreOut[] = "descriptors are out; raise the limit (ulimit -n)";

// So many turns of the loop as a busy one would make thousands of attempts in: events of the kind
// in that time, for each 100 ms.
double FailuresInAWhile(const std::function<void()>& turn, FaceSocket* at, SocketEvent::Kind kind);

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_
