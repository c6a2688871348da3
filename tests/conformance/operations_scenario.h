#ifndef MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_SCENARIO_H_
#define MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_SCENARIO_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/socket/options.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/operations.h"

namespace monocoque::conformance {

// A scenario of operations that wait, on a loop of its adapter.
class OperationsScenario : public ScenarioTest {
 protected:
  OperationsScenario();

  std::unique_ptr<OperationSocket> Make(SocketType type, const SocketOptions& options = Eager());
  // Turns the loop until it holds; false: not for very long.
  [[nodiscard]] bool Until(const std::function<bool()>& holds);
  void Turns(int count);
  // Receives into the list: the text, or "error".
  OperationSocket::Id ReceiveInto(OperationSocket* at, std::vector<std::string>* list);
  // Three receives wait, and the second is cancelled. Then `send` sends two texts: they go to the
  // other two, in order.
  void CancelOneOfThree(OperationSocket* at, const std::function<void(std::string_view)>& send);

  std::unique_ptr<OperationLoop> loop_;
};

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_OPERATIONS_SCENARIO_H_
