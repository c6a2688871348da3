// Two loops in one process, each on a thread of its own, that hand messages to each other over
// inproc. Made for the thread sanitizer.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/cell.h"
#include "tests/support/adapter_face.h"

namespace monocoque::conformance {
namespace {

using ::monocoque::testing::AdapterFace;
using ::monocoque::testing::AllAdapters;

constexpr std::size_t kLarge = 1 << 20;
constexpr int kQuestions = 10;

// How one meeting of two threads goes.
struct Meeting {
  bool here_binds;
  bool here_goes;  // first, in mid-stream; else there
  bool closes;     // before it is destroyed
};

// Where REP and REQ meet, and where PUSH and PULL do.
struct Addresses {
  std::string questions;
  std::string stream;
};

// Ends a socket as the meeting has it.
void End(AdapterFace* face, std::unique_ptr<FaceSocket> socket, bool closes,
         absl::Duration linger) {
  if (!closes) return;
  socket->StartClose(linger);
  EXPECT_TRUE(face->Until([&] { return socket->closed(); }));
}

// The side of a meeting that asks and pulls, with a loop and a thread of its own.
class FarSide {
 public:
  // `at`: where to connect, or to bind.
  FarSide(std::string_view adapter, const Meeting& meeting, const Addresses& at)
      : thread_([this, adapter, meeting, at] { Run(adapter, meeting, at); }) {}
  ~FarSide() { Join(); }
  FarSide(const FarSide&) = delete;
  FarSide& operator=(const FarSide&) = delete;

  // Where it is bound.
  Addresses bound() {
    std::future<Addresses> future = bound_.get_future();
    if (future.wait_for(std::chrono::seconds(40)) == std::future_status::ready) return future.get();
    ADD_FAILURE() << "it never bound";
    return {};
  }
  // Messages that it pulled so far.
  int pulled() const { return pulled_; }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run(std::string_view adapter, const Meeting& meeting, const Addresses& at) {
    AdapterFace face(adapter);
    std::unique_ptr<FaceSocket> req = face.MakeSocket(SocketType::kReq, Eager());
    std::unique_ptr<FaceSocket> pull = face.MakeSocket(SocketType::kPull, Eager());
    if (meeting.here_binds) {
      EXPECT_EQ(req->Connect(at.questions), absl::OkStatus());
      EXPECT_EQ(pull->Connect(at.stream), absl::OkStatus());
    } else {
      bound_.set_value({req->Bind(at.questions).value_or(""), pull->Bind(at.stream).value_or("")});
    }
    for (int i = 0; i < kQuestions; ++i) {
      Message message(std::string(static_cast<std::size_t>(i) * 50'000, 't'));
      EXPECT_EQ(face.Send(req.get(), &message), absl::OkStatus());
      EXPECT_EQ(face.Receive(req.get(), &message), absl::OkStatus());
      EXPECT_EQ(message.text(), absl::StrCat(i));
    }
    EXPECT_TRUE(face.Until([&] {
      for (Message message; pull->TryReceive(&message); ++pulled_) {
        EXPECT_EQ(message.size(), kLarge);
      }
      return pulled_ >= 3 && (!meeting.here_goes || pull->core().ready_peers() == 0);
    }));
    End(&face, std::move(pull), meeting.closes, absl::ZeroDuration());
    End(&face, std::move(req), meeting.closes, absl::ZeroDuration());
  }

  std::promise<Addresses> bound_;
  std::atomic<int> pulled_ = 0;
  std::thread thread_;
};

class ThreadsTest : public CellTest {
 protected:
  // One side answers and pushes here, the other asks and pulls on its own thread.
  void Meet(std::string_view other, const Meeting& meeting) {
    std::unique_ptr<FaceSocket> rep = Make(SocketType::kRep, Eager());
    std::unique_ptr<FaceSocket> push = Make(SocketType::kPush, Eager());
    Addresses at{any(), any()};
    if (meeting.here_binds) at = {Bind(rep.get(), at.questions), Bind(push.get(), at.stream)};
    FarSide far(other, meeting, at);
    if (!meeting.here_binds) {
      at = far.bound();
      Connect(rep.get(), at.questions);
      Connect(push.get(), at.stream);
    }
    for (int i = 0; i < kQuestions; ++i) {
      EXPECT_EQ(ReceiveMessage(rep.get()).size(), static_cast<std::size_t>(i) * 50'000);
      Send(rep.get(), absl::StrCat(i));
    }
    int sent = 0;
    const auto send = [&] {
      Message message(std::string(kLarge, 'p'));
      sent += push->TrySend(&message).ok() ? 1 : 0;
    };
    EXPECT_TRUE(Until([&] {
      send();
      return far.pulled() >= 3;
    }));
    if (meeting.here_goes) {
      End(&face(), std::move(push), meeting.closes, absl::InfiniteDuration());
      End(&face(), std::move(rep), meeting.closes, absl::ZeroDuration());
      far.Join();
      EXPECT_LE(far.pulled(), sent);
      if (meeting.closes) {
        EXPECT_EQ(far.pulled(), sent);
      }
    } else {
      EXPECT_TRUE(Until([&] {
        const bool gone = push->core().ready_peers() == 0;
        if (!gone) send();
        return gone;
      }));
      far.Join();
      AwaitPeers(rep.get(), 0);
    }
  }
};

// E-15, E-16: each loop turns on a thread of its own, and goes while the other turns.
TEST_P(ThreadsTest, EachOnItsThread) {
  for (std::string_view other : AllAdapters()) {
    for (const bool here_binds : {true, false}) {
      for (const bool here_goes : {true, false}) {
        for (const bool closes : {true, false}) Meet(other, {here_binds, here_goes, closes});
      }
    }
  }
  Did(absl::StrCat("on two threads its REP answers a REQ and its PUSH feeds a PULL, on ",
                   absl::StrJoin(AllAdapters(), " and on "),
                   "; whoever binds, either closes or is destroyed in mid-stream"));
}

INSTANTIATE_TEST_SUITE_P(, ThreadsTest,
                         ::testing::ValuesIn(CellsOf("ThreadsTest",
                                                     {{"sim", "", "a simulation has one thread"}})),
                         CellName);

}  // namespace
}  // namespace monocoque::conformance
