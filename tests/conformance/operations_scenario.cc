#include "tests/conformance/operations_scenario.h"

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"

namespace monocoque::conformance {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kSoon = absl::Seconds(40);

}  // namespace

OperationsScenario::OperationsScenario() : loop_(MakeOperationLoop(cell().adapter)) {}

std::unique_ptr<OperationSocket> OperationsScenario::Make(SocketType type,
                                                          const SocketOptions& options) {
  return loop_->MakeSocket(type, options);
}

bool OperationsScenario::Until(const std::function<bool()>& holds) {
  for (const absl::Time deadline = absl::Now() + kSoon; !holds();) {
    if (absl::Now() > deadline) return false;
    loop_->Turn();
  }
  return true;
}

void OperationsScenario::Turns(int count) {
  for (int i = 0; i < count; ++i) loop_->Turn();
}

OperationSocket::Id OperationsScenario::ReceiveInto(OperationSocket* at,
                                                    std::vector<std::string>* list) {
  return at->Receive([list](const absl::StatusOr<Message>& received) {
    list->emplace_back(received.ok() ? received->text() : "error");
  });
}

void OperationsScenario::CancelOneOfThree(OperationSocket* at,
                                          const std::function<void(std::string_view)>& send) {
  std::vector<std::string> first, second, third;
  ReceiveInto(at, &first);
  const OperationSocket::Id cancelled = ReceiveInto(at, &second);
  ReceiveInto(at, &third);
  Turns(2);
  loop_->Cancel(cancelled);
  for (const char* text : {"one", "two"}) send(text);
  EXPECT_TRUE(Until([&] { return !first.empty() && !third.empty(); }));
  EXPECT_THAT(first, ElementsAre("one"));
  EXPECT_THAT(third, ElementsAre("two"));
  EXPECT_TRUE(second.empty() || second == std::vector<std::string>{"error"});
  Did(second.empty() ? "2 messages go to the other two; the cancelled coroutine is destroyed"
                     : "2 messages go to the other two; the cancelled one completes with an error");
}

}  // namespace monocoque::conformance
