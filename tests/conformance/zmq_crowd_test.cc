// Thousands of links between libzmq and one socket of ours, or one of theirs, alike in each cell.
#include <zmq.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/conformance/zmq_cell.h"

namespace monocoque::conformance {
namespace {

constexpr int kSockets = 2000;
constexpr int kLinks = 4000;

// Sockets of libzmq in one context.
class TheirCrowd {
 public:
  explicit TheirCrowd(int type) : context_(zmq_ctx_new()) {
    EXPECT_EQ(zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, kSockets + 10), 0);
    for (int i = 0; i < kSockets; ++i) {
      sockets_.push_back(zmq_socket(context_, type));
      const int linger = 0, soon = 5;
      zmq_setsockopt(sockets_.back(), ZMQ_LINGER, &linger, sizeof(linger));
      zmq_setsockopt(sockets_.back(), ZMQ_RECONNECT_IVL, &soon, sizeof(soon));
    }
  }
  ~TheirCrowd() {
    for (void* socket : sockets_) zmq_close(socket);
    zmq_ctx_term(context_);
  }
  TheirCrowd(const TheirCrowd&) = delete;
  TheirCrowd& operator=(const TheirCrowd&) = delete;

  void Connect(const std::string& at) {
    for (void* socket : sockets_) ASSERT_EQ(zmq_connect(socket, at.c_str()), 0);
  }
  const std::vector<void*>& sockets() const { return sockets_; }

 private:
  void* const context_;
  std::vector<void*> sockets_;
};

class ZmqCrowdTest : public ZmqCellTest {
 protected:
  // Of theirs each link takes two, with its end here, and each socket one.
  ZmqCrowdTest() { AllowDescriptors(2 * kLinks + kSockets + 200); }
};

// ALL-5: each on a socket of its own.
TEST_P(ZmqCrowdTest, TheirsAskOneOfOurs) {
  const auto rep = Make(SocketType::kRep);
  TheirCrowd reqs(ZMQ_REQ);
  reqs.Connect(Bind(rep.get(), any()));
  for (int i = 0; i < kSockets; ++i) {
    ASSERT_EQ(zmq_send(reqs.sockets()[static_cast<std::size_t>(i)], &i, sizeof(i), 0),
              static_cast<int>(sizeof(i)));
  }
  for (int i = 0; i < kSockets; ++i) Send(rep.get(), Receive(rep.get()));
  for (int i = 0; i < kSockets; ++i) {
    int answer = -1;
    EXPECT_TRUE(Until([&] {
      return zmq_recv(reqs.sockets()[static_cast<std::size_t>(i)], &answer, sizeof(answer),
                      ZMQ_DONTWAIT) >= 0;
    }));
    EXPECT_EQ(answer, i);
  }
  Did(absl::StrCat(kSockets, " of their sockets ask one of ours, and each gets its own answer"));
}

// TR-5: all go at once, and all come back.
TEST_P(ZmqCrowdTest, TheirsComeBack) {
  auto pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  TheirCrowd pushes(ZMQ_PUSH);
  pushes.Connect(place());
  AwaitPeers(pull.get(), kSockets);
  pull.reset();
  pull = Make(SocketType::kPull);
  Bind(pull.get(), place());
  AwaitPeers(pull.get(), kSockets);
  Did(absl::StrCat(kSockets, " links of theirs are cut at once, and all come back"));
}

// ALL-6: one socket connects thousands of times to one of theirs.
TEST_P(ZmqCrowdTest, OneOfOursAsksOneOfTheirs) {
  const auto router = Theirs(ZMQ_ROUTER);
  const auto dealer = Make(SocketType::kDealer, Eager());
  const std::string at = router->Bind(any());
  for (int i = 0; i < kLinks; ++i) Connect(dealer.get(), at);
  // It takes up connections within a call of its user's.
  EXPECT_TRUE(Until([&] {
    router->events();
    return dealer->core().ready_peers() == kLinks;
  }));
  std::set<std::string> askers, answers;
  int asked = 0;
  Parts question;
  EXPECT_TRUE(Until([&] {
    for (; asked < kLinks; ++asked) {
      Message message(absl::StrCat(asked));
      if (!dealer->TrySend(&message).ok()) break;
    }
    while (router->Receive(&question)) {
      askers.insert(question[0]);
      EXPECT_TRUE(router->Send(question));
    }
    Message answer;
    while (dealer->TryReceive(&answer)) answers.emplace(answer.text());
    return answers.size() == kLinks;
  })) << askers.size()
      << " asked, " << answers.size() << " were answered";
  EXPECT_EQ(askers.size(), std::size_t{kLinks});
  Did(absl::StrCat(kLinks,
                   " links of one socket of ours stand to one of theirs; each carries a "
                   "question and its answer"));
}

INSTANTIATE_TEST_SUITE_P(, ZmqCrowdTest,
                         ::testing::ValuesIn(CellsOf("ZmqCrowdTest", ZmqAbsences())), CellName);

}  // namespace
}  // namespace monocoque::conformance
