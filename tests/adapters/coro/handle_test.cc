// What a host may do with the handles of sockets: move them in calls that wait, close them again,
// destroy them while they close.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/task.h"
#include "gtest/gtest.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/coro/runtimes.h"

namespace monocoque::coro {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

class HandleTest : public OnEachRuntime {};

// A handle may be moved while a call waits on its socket.
TEST_P(HandleTest, AHandleIsMovedWhileItsSendWaits) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  Socket kept = loop.MakeSocket(SocketType::kPush);
  push.OnEvent([&](const SocketEvent& event) {
    if (event.kind != SocketEvent::Kind::kReady) return;
    Socket other = std::move(push);
    std::swap(kept, other);
  });
  LinkOptions options;
  options.immediate = true;
  ASSERT_TRUE(push.Connect(pull.Bind("tcp://127.0.0.1:*").value_or(""), &options).ok());
  EXPECT_TRUE(push.Send("moved", kSoon).ok());
  EXPECT_EQ(pull.Receive(kSoon)->text(), "moved");
}

// Who closed with all the time in the world may think better of it.
TEST_P(HandleTest, ASecondCloseMayBeShorter) {
  Loop& loop = NewLoop();
  Socket nobody = *loop.Push("ipc://@monocoque-nobody-at-all");
  ASSERT_TRUE(nobody.Send("lost").ok());
  nobody.StartClose();
  nobody.StartClose(absl::ZeroDuration());
  for (int i = 0; i < 50 && !nobody.closed(); ++i) loop.RunOnce(absl::Milliseconds(10));
  EXPECT_TRUE(nobody.closed());
}

// "Destroying it closes without lingering."
TEST_P(HandleTest, DestroyingEndsALinger) {
  Loop& loop = NewLoop();
  const std::string at = absl::StrCat("ipc://@monocoque-lingers-", getpid());
  {
    Socket push = *loop.Push(at);
    ASSERT_TRUE(push.Send("a ghost").ok());
    push.StartClose();
  }
  Socket pull = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind(at).ok());
  const auto got = pull.Receive(absl::Seconds(1));
  EXPECT_FALSE(got.ok()) << got->text();
}

// What was lost is told by each Close.
TEST_P(HandleTest, ASecondCloseTellsOfWhatWasLost) {
  Loop& loop = NewLoop();
  Socket nobody = *loop.Push("ipc://@monocoque-nobody-at-all");
  ASSERT_TRUE(nobody.Send("lost").ok());
  nobody.StartClose(absl::ZeroDuration());
  const absl::Status closed = nobody.Close(absl::ZeroDuration());
  EXPECT_EQ(nobody.stats().lost, 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(closed)) << closed;
}

// While somebody waits for any of several, one of them may be moved elsewhere or destroyed.
TEST_P(HandleTest, AHandleIsMovedWhileAnyOfSeveralIsWaitedFor) {
  Loop& loop = NewLoop();
  Socket one = loop.MakeSocket(SocketType::kPull);
  Socket kept = loop.MakeSocket(SocketType::kPull);
  bool moved = false;
  one.OnEvent([&](const SocketEvent& event) {
    if (event.kind != SocketEvent::Kind::kReady) return;
    moved = true;
    kept = std::move(one), one = Socket();
  });
  Socket other = loop.MakeSocket(SocketType::kPull);
  auto push = loop.Push(one.Bind("tcp://127.0.0.1:*").value_or(""));
  for (int i = 0; i < 100 && !moved; ++i) {
    EXPECT_TRUE(
        absl::IsDeadlineExceeded(loop.WaitAny({&one, &other}, absl::Milliseconds(100)).status()));
  }
  EXPECT_TRUE(moved);
}

TEST_P(HandleTest, WaitingForAnyOfSeveralEndsWithOneThatIsDestroyed) {
  Loop& loop = NewLoop();
  Socket one = loop.MakeSocket(SocketType::kPull);
  one.OnEvent([&](const SocketEvent& event) {
    if (event.kind == SocketEvent::Kind::kReady) one = Socket();
  });
  Socket other = loop.MakeSocket(SocketType::kPull);
  auto push = loop.Push(one.Bind("tcp://127.0.0.1:*").value_or(""));
  EXPECT_TRUE(absl::IsCancelled(loop.WaitAny({&other, &one}, kSoon).status()));
}

// ---- No socket at all, and the end of one that is assigned to -----------------------------------

void ExpectNone(const absl::Status& status) {
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(status.message(), "there is no socket here: it was never made, or moved from");
}

// What cannot be told from a wait that never ends is asked with a short one.
void ExpectEveryCallSaysSo(Socket* none) {
  ExpectNone(none->status());
  ExpectNone(none->Bind("tcp://127.0.0.1:*").status());
  ExpectNone(none->Connect("tcp://127.0.0.1:1"));
  ExpectNone(none->Unbind("tcp://127.0.0.1:1"));
  ExpectNone(none->Disconnect("tcp://127.0.0.1:1"));
  ExpectNone(none->Subscribe("a"));
  ExpectNone(none->Unsubscribe("a"));
  ExpectNone(none->Join("a"));
  ExpectNone(none->Leave("a"));
  Message message("kept");
  ExpectNone(none->Send(&message, kSoon));
  ExpectNone(none->TrySend(&message));
  EXPECT_EQ(message.text(), "kept");
  ExpectNone(none->Send("text", kSoon));
  ExpectNone(none->Receive(kSoon).status());
  ExpectNone(none->Receive(&message, kSoon));
  ExpectNone(none->WaitReady(1, kSoon));
  ExpectNone(none->Close(absl::ZeroDuration()));
  ExpectNone(none->Ask([](monocoque::Socket*, Instant) { return absl::OkStatus(); }));
  ExpectNone(
      none->Ask([](monocoque::Socket*, Instant) { return absl::StatusOr<int>(1); }).status());
  EXPECT_EQ(none->Ask([](monocoque::Socket*, Instant) { return 1; }), 0);
}

void ExpectNothingIsThere(Socket* none) {
  Message message;
  SocketEvent event;
  EXPECT_FALSE(none->TryReceive(&message));
  EXPECT_FALSE(none->CanReceive());
  EXPECT_FALSE(none->NextEvent(&event));
  EXPECT_EQ(none->stats().messages_sent, 0u);
  EXPECT_TRUE(none->closed());
  none->SetAuthenticator(nullptr);
  none->OnEvent([](const SocketEvent&) {});
  none->Flush();
  none->StartClose();
}

Task<void> AwaitEachAndNote(Socket& none, std::vector<absl::Status>* ends) {
  ends->push_back((co_await none.AsyncReceive()).status());
  ends->push_back(co_await none.AsyncSend(Message("a")));
  ends->push_back(co_await none.AsyncReady());
  ends->push_back(co_await none.AsyncUntil([] { return false; }));
  ends->push_back(co_await none.AsyncClose());
}

TEST_P(HandleTest, WithoutASocketEveryCallSaysSo) {
  Loop& loop = NewLoop();
  Socket never;
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const Socket taken = std::move(pull);
  EXPECT_TRUE(taken.status().ok());
  for (Socket* none : {&never, &pull}) {
    ExpectEveryCallSaysSo(none);
    ExpectNothingIsThere(none);
    ExpectNone(loop.WaitAny({none}, kSoon).status());
    std::vector<absl::Status> ends;
    loop.RunUntil(AwaitEachAndNote(*none, &ends));
    EXPECT_EQ(ends.size(), 5u);
    for (const absl::Status& end : ends) ExpectNone(end);
  }
}

// One that could not be made counts nothing.
TEST_P(HandleTest, ASocketThatCouldNotBeMadeHasCountedNothing) {
  SocketOptions impossible;
  impossible.routing_id = std::string(300, 'i');
  Socket none = NewLoop().MakeSocket(SocketType::kDealer, impossible);
  ASSERT_FALSE(none.status().ok());
  EXPECT_EQ(none.stats().messages_sent, 0u);
  EXPECT_EQ(none.Ask([](monocoque::Socket*, Instant) { return absl::OkStatus(); }), none.status());
}

// What a handle had is closed when it gets another, as if it had been destroyed.
TEST_P(HandleTest, AssigningClosesWhatWasThere) {
  Loop& loop = NewLoop();
  int told = 0;
  Socket old = loop.MakeSocket(SocketType::kPull);
  old.OnEvent([&](const SocketEvent&) { ++told; });
  const std::string at =
      old.Bind(absl::StrCat("ipc://@monocoque-assigned-", getpid())).value_or("");
  for (int i = 0; i < 3; ++i) loop.RunOnce(absl::ZeroDuration());
  const int before = told;
  Socket fresh = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(fresh.Bind("tcp://127.0.0.1:*").ok());
  old = std::move(fresh);
  ExpectNone(fresh.status());
  for (int i = 0; i < 3; ++i) loop.RunOnce(absl::ZeroDuration());
  Socket third = loop.MakeSocket(SocketType::kPull);
  EXPECT_TRUE(third.Bind(at).ok()) << "the old one still listens";
  Socket push = *loop.Push(at);
  EXPECT_TRUE(push.WaitReady(1, kSoon).ok());
  EXPECT_EQ(told, before);
  Socket& same = old;
  old = std::move(same);
  EXPECT_TRUE(old.status().ok());
}

Task<void> ReceiveAndNote(Socket& socket, std::vector<absl::Status>* ends) {
  const absl::StatusOr<Message> message = co_await socket.AsyncReceive();
  ends->push_back(message.status());
}

Task<void> CloseAndNote(Socket& socket, std::vector<absl::Status>* ends) {
  const absl::Status closed = co_await socket.AsyncClose();
  ends->push_back(closed);
}

// Whoever waits on a socket whose handle goes is told so, in a turn and not by the destructor.
TEST_P(HandleTest, WhoWaitsIsToldThatTheHandleIsGone) {
  Loop& loop = NewLoop();
  std::vector<absl::Status> ends;
  {
    Socket push = *loop.Push("ipc://@monocoque-nobody-at-all");
    ASSERT_TRUE(push.Send("lost").ok());
    Socket pull = loop.MakeSocket(SocketType::kPull);
    loop.Spawn(ReceiveAndNote(pull, &ends));
    loop.Spawn(CloseAndNote(push, &ends));
    for (int i = 0; i < 3; ++i) loop.RunOnce(absl::ZeroDuration());
    EXPECT_EQ(ends.size(), 0u);
  }
  EXPECT_EQ(ends.size(), 0u);
  for (int i = 0; i < 3; ++i) loop.RunOnce(absl::ZeroDuration());
  ASSERT_EQ(ends.size(), 2u);
  for (const absl::Status& end : ends) EXPECT_TRUE(absl::IsCancelled(end)) << end;
}

// A coroutine that waits may be destroyed after the loop that will never resume it.
TEST_P(HandleTest, ATaskMayOutliveItsLoop) {
  std::vector<absl::Status> ends;
  std::vector<Task<void>> tasks;
  {
    const std::unique_ptr<Loop> loop = MakeLoop();
    Socket pull = loop->MakeSocket(SocketType::kPull);
    tasks.push_back(ReceiveAndNote(pull, &ends));
    tasks.back().Resume();
  }
  tasks.clear();
  EXPECT_TRUE(ends.empty());
}

Task<void> SleepAndNote(Loop* loop, absl::Duration time, std::vector<absl::Status>* ends) {
  co_await loop->AsyncSleep(time);
  ends->push_back(absl::OkStatus());
}

Task<void> WatchAndNote(Loop* loop, int fd, bool read, std::vector<absl::Status>* ends) {
  if (read) {
    co_await loop->AsyncReadable(fd);
  } else {
    co_await loop->AsyncWritable(fd);
  }
  ends->push_back(absl::OkStatus());
}

// Coroutines that wait on a loop itself, for a while and for both ends of a pipe.
class WaitersTest : public OnEachRuntime {
 protected:
  WaitersTest() { EXPECT_EQ(pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  ~WaitersTest() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  std::vector<Task<void>> OnLoop(Loop* loop, absl::Duration time) {
    std::vector<Task<void>> tasks;
    tasks.push_back(SleepAndNote(loop, time, &ends_));
    tasks.push_back(WatchAndNote(loop, pipe_[0], true, &ends_));
    tasks.push_back(WatchAndNote(loop, pipe_[1], false, &ends_));
    return tasks;
  }
  // So that nothing more can be written.
  void FillPipe() {
    const std::array<char, 4096> octets{};
    while (write(pipe_[1], octets.data(), octets.size()) > 0) continue;
  }

  std::array<int, 2> pipe_{};
  std::vector<absl::Status> ends_;
};

TEST_P(WaitersTest, TheyMayOutliveTheirLoop) {
  std::unique_ptr<Loop> loop = MakeLoop();
  std::vector<Task<void>> tasks = OnLoop(loop.get(), kSoon);
  for (Task<void>& task : tasks) task.Resume();
  loop.reset();
  for (const Task<void>& task : tasks) EXPECT_FALSE(task.done());
  tasks.clear();
  EXPECT_TRUE(ends_.empty());
}

// The kernel knows of them already.
TEST_P(WaitersTest, TheyMayOutliveALoopThatTurned) {
  std::unique_ptr<Loop> loop = MakeLoop();
  std::vector<Task<void>> tasks;
  tasks.push_back(SleepAndNote(loop.get(), kSoon, &ends_));
  tasks.push_back(WatchAndNote(loop.get(), pipe_[0], true, &ends_));
  for (Task<void>& task : tasks) task.Resume();
  for (int i = 0; i < 3; ++i) loop->RunOnce(absl::ZeroDuration());
  loop.reset();
  tasks.clear();
  EXPECT_TRUE(ends_.empty());
}

// They have what they waited for, and the loop goes before it goes on with them.
TEST_P(WaitersTest, TheyMayOutliveALoopThatWasAboutToResumeThem) {
  std::unique_ptr<Loop> loop = MakeLoop();
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(WatchAndNote(loop.get(), pipe_[1], false, &ends_));
  for (Task<void>& task : tasks) task.Resume();
  for (int i = 0; i < 10; ++i) loop->Exchange();
  loop.reset();
  tasks.clear();
  EXPECT_TRUE(ends_.empty());
}

// A task of one loop that waits on another.
TEST_P(WaitersTest, TheirOwnLoopMayOutliveTheOneTheyWaitOn) {
  std::unique_ptr<Loop> own = MakeLoop();
  std::unique_ptr<Loop> other = MakeLoop();
  FillPipe();
  for (Task<void>& task : OnLoop(other.get(), kSoon)) own->Spawn(std::move(task));
  for (int i = 0; i < 3; ++i) other->RunOnce(absl::ZeroDuration());
  other.reset();
  for (int i = 0; i < 3; ++i) own->RunOnce(absl::ZeroDuration());
  EXPECT_EQ(ends_.size(), 1u) << "the pipe has something to read";
  own.reset();
  EXPECT_EQ(ends_.size(), 1u);
}

// And the other way round.
TEST_P(WaitersTest, TheirOwnLoopMayGoFirst) {
  std::unique_ptr<Loop> own = MakeLoop();
  Loop& other = NewLoop();
  for (Task<void>& task : OnLoop(&other, absl::Milliseconds(1))) own->Spawn(std::move(task));
  own.reset();
  for (int i = 0; i < 10; ++i) other.RunOnce(absl::Milliseconds(1));
  EXPECT_TRUE(ends_.empty());
}

ON_EACH_RUNTIME(HandleTest);
ON_EACH_RUNTIME(WaitersTest);

}  // namespace
}  // namespace monocoque::coro
