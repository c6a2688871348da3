#ifndef MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_
#define MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "tests/conformance/cell.h"
#include "tests/support/few_descriptors.h"

namespace monocoque::conformance {

// What an operation says that got no descriptor.
inline constexpr char kDescriptorsAreOut[] = "descriptors are out; raise the limit (ulimit -n)";

// So many turns of the loop as a busy one would make thousands of attempts in: events of the kind
// in that time, for each 100 ms.
double FailuresInAWhile(const std::function<void()>& turn, FaceSocket* at, SocketEvent::Kind kind);

// A test of such cells in a process that soon has no descriptor left.
template <typename Cells>
class WithFewDescriptors : public Cells {
 protected:
  // The operation fails with that sentence, and no more often than so in each 100 ms.
  void ExpectPatience(FaceSocket* at, SocketEvent::Kind kind, double most) {
    const SocketEvent failed = this->Await(at, kind);
    EXPECT_THAT(std::string(failed.status.message()), ::testing::HasSubstr(kDescriptorsAreOut));
    EXPECT_LE(FailuresInAWhile([this] { this->Turn(); }, at, kind), most) << "it hammers";
  }

 private:
  const monocoque::testing::FewDescriptors few_{128};
};

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_OUT_OF_DESCRIPTORS_H_
