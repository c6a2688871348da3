// Each adapter talks with each other one, their loops side by side on one thread.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/support/adapter_face.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AllAdapters;

class MixedTest : public CellTest {
 protected:
  // Turns both loops until it holds.
  [[nodiscard]] bool UntilWith(AdapterFace* there, const std::function<bool()>& holds) {
    return Until([&] {
      there->Turn();
      return holds();
    });
  }
  // A question from there and its answer from here, a few times.
  void Talk(AdapterFace* there, FaceSocket* rep, FaceSocket* req) {
    for (int i = 0; i < 10; ++i) {
      Message message(std::string(static_cast<std::size_t>(i) * 50'000, 't'));
      ASSERT_TRUE(UntilWith(there, [&] { return req->TrySend(&message).ok(); }));
      ASSERT_TRUE(UntilWith(there, [&] { return rep->TryReceive(&message); }));
      EXPECT_EQ(message.size(), static_cast<std::size_t>(i) * 50'000);
      Send(rep, absl::StrCat(i));
      ASSERT_TRUE(UntilWith(there, [&] { return req->TryReceive(&message); }));
      EXPECT_EQ(message.text(), absl::StrCat(i));
    }
  }
};

// E-15, E-16: over inproc too: two runtimes in one process hand messages to each other.
TEST_P(MixedTest, WithEachOther) {
  std::vector<std::string_view> others;
  for (std::string_view other : AllAdapters()) {
    if (other == cell().adapter) continue;
    others.push_back(other);
    for (const bool here_binds : {true, false}) {
      AdapterFace there(other);
      const auto rep = Make(SocketType::kRep);
      const auto req = there.MakeSocket(SocketType::kReq);
      here_binds ? Join(rep.get(), req.get()) : Join(req.get(), rep.get());
      Talk(&there, rep.get(), req.get());
    }
  }
  Did(absl::StrCat("its REP answers a REQ on ", absl::StrJoin(others, " and on "),
                   ", whoever binds"));
}

// One side goes, with its loop, while messages cross; the other goes on.
TEST_P(MixedTest, TheOtherLoopGoes) {
  const auto pull = Make(SocketType::kPull);
  const std::string at = Bind(pull.get(), any());
  for (std::string_view other : AllAdapters()) {
    if (other == cell().adapter) continue;
    AdapterFace there(other);
    const auto push = there.MakeSocket(SocketType::kPush);
    Connect(push.get(), at);
    for (int i = 0; i < 8; ++i) {
      Message large(std::string(1 << 20, 'g'));
      ASSERT_TRUE(UntilWith(&there, [&] { return push->TrySend(&large).ok(); }));
    }
    Message message;
    EXPECT_TRUE(UntilWith(&there, [&] { return pull->TryReceive(&message); }));
  }
  Message message;
  EXPECT_TRUE(Until([&] {
    while (pull->TryReceive(&message)) EXPECT_EQ(message.size(), 1u << 20);
    return pull->core().ready_peers() == 0;
  }));
  Did("the other's loop is destroyed in mid-stream; what is received is whole");
}

INSTANTIATE_TEST_SUITE_P(
    , MixedTest,
    ::testing::ValuesIn(CellsOf("MixedTest",
                                {{"sim", "", "a simulated transport reaches nobody outside"}})),
    CellName);

}  // namespace
}  // namespace monocoque::conformance
