#ifndef MONOCOQUE_TESTS_ADAPTERS_UV_FIXTURE_H_
#define MONOCOQUE_TESTS_ADAPTERS_UV_FIXTURE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "adapters/uv/socket.h"
#include "gtest/gtest.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/uv_loop.h"

namespace monocoque::uv {

// Sockets on one loop. At the end all are destroyed, every handle closed, and no descriptor is
// left open that was not before.
class UvTest : public ::testing::Test {
 protected:
  UvTest();
  ~UvTest() override;

  uv_loop_t* loop() { return loop_->get(); }
  // Alive until the end of the test, or until it is destroyed by hand.
  std::unique_ptr<Socket>& Make(SocketType type, const SocketOptions& options = {});
  bool RunUntil(const std::function<bool()>& holds) { return loop_->RunUntil(holds); }
  // Sends, waiting until it can be.
  void Send(Socket* from, std::string_view text);
  // The next message's text.
  std::string Receive(Socket* at);
  // The first event of the kind; fails if it does not come.
  SocketEvent Await(Socket* at, SocketEvent::Kind kind);

  std::optional<testing::UvLoop> loop_;

 private:
  const std::size_t descriptors_before_;
  std::vector<std::unique_ptr<std::unique_ptr<Socket>>> sockets_;
};

// Attempts follow each other quickly.
SocketOptions Eager();

}  // namespace monocoque::uv

#endif  // MONOCOQUE_TESTS_ADAPTERS_UV_FIXTURE_H_
