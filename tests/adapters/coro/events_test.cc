// Socket::OnEvent: what happens to a socket is told, whichever way its loop is turned.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/socket.h"
#include "adapters/coro/task.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/support/raw_peer.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kSoon = absl::Seconds(10);

class EventsTest : public OnEachRuntime {
 protected:
  EventsTest() : pull_(loop_.MakeSocket(SocketType::kPull)) {}

  // Has what happens to the socket noted in told_ and last_.
  void Note(Socket* socket) { socket->OnEvent(Noting()); }
  std::function<void(const SocketEvent&)> Noting() {
    return [this](const SocketEvent& event) {
      told_.emplace_back(SocketEventName(event.kind));
      last_ = event;
    };
  }
  bool TurnUntil(const std::function<bool()>& holds) {
    const absl::Time end = absl::Now() + kSoon;
    while (!holds()) {
      if (absl::Now() >= end) return false;
      loop_.RunOnce(absl::Milliseconds(10));
    }
    return true;
  }
  std::string Bound() { return pull_->Bind("tcp://127.0.0.1:*").value_or(""); }
  Socket PushTo(const std::string& at) {
    Socket push = loop_.MakeSocket(SocketType::kPush);
    EXPECT_TRUE(push.Connect(at).ok());
    return push;
  }

  Loop& loop_ = NewLoop();
  const RawPeer::Turn turn_ = [this] { loop_.RunOnce(absl::Milliseconds(1)); };
  std::optional<Socket> pull_;
  std::vector<std::string> told_;
  SocketEvent last_;
};

// Never from within the call that makes it happen; before whoever waits for a message has it.
TEST_P(EventsTest, AnAcceptedLinkIsToldInACallThatWaits) {
  Note(&*pull_);
  Socket push = PushTo(Bound());
  EXPECT_THAT(told_, IsEmpty());
  ASSERT_TRUE(push.Send("here").ok());
  ASSERT_TRUE(pull_->Receive(kSoon).ok());
  EXPECT_THAT(told_, ElementsAre("listening", "accepted", "ready"));
  ASSERT_NE(last_.peer_info, nullptr);
  SocketEvent none;
  EXPECT_FALSE(pull_->NextEvent(&none)) << "each is given once";
}

TEST_P(EventsTest, ARefusedPeerIsTold) {
  Note(&*pull_);
  RawPeer peer(turn_, Bound());
  peer.HandshakeAs("SUB");
  EXPECT_TRUE(TurnUntil([&] { return told_.size() == 3; }));
  EXPECT_THAT(told_, ElementsAre("listening", "accepted", "closed"));
  EXPECT_FALSE(last_.was_ready);
  EXPECT_NE(last_.status.message(), "");
}

TEST_P(EventsTest, ALostLinkIsToldAndThatItIsTriedAgain) {
  const RawListener listener("tcp://127.0.0.1:0");
  Socket push = PushTo(listener.endpoint());
  Note(&push);
  RawPeer peer(turn_, listener.Accept(turn_));
  peer.HandshakeAs("PULL");
  EXPECT_TRUE(push.WaitReady(1, kSoon).ok());
  EXPECT_THAT(told_, ElementsAre("dialing", "connected", "ready"));
  peer.Reset();
  SocketEvent closed;
  push.OnEvent([&](const SocketEvent& event) {
    if (event.kind == SocketEvent::Kind::kClosed) closed = event;
    Noting()(event);
  });
  EXPECT_TRUE(TurnUntil([&] { return told_.size() >= 5; }));
  EXPECT_THAT(told_, Contains("retry"));
  EXPECT_TRUE(closed.was_ready);
  EXPECT_FALSE(closed.status.ok());
}

// it would be so again, and is not tried again: who waits is told why, whatever his time. What
// was lost by it is told at the end.
TEST_P(EventsTest, NobodyWaitsForWhoGaveUp) {
  const absl::Duration ever = absl::InfiniteDuration();
  Socket sub = loop_.MakeSocket(SocketType::kSub);
  const std::string at = *sub.Bind("tcp://127.0.0.1:*");
  const auto misfit = [](const absl::Status& status) {
    return CauseOf(status) == Cause::kPeerIncompatible || CauseOf(status) == Cause::kPeerRejectedUs;
  };
  Socket push = PushTo(at);
  EXPECT_TRUE(push.Send("lost").ok()) << "it waits for the peer";
  EXPECT_PRED1(misfit, push.WaitReady(1, ever));
  EXPECT_PRED1(misfit, push.Send("late", ever));
  const absl::Status closed = push.Close(kSoon);
  EXPECT_THAT(closed.message(), HasSubstr("close: 1 message was lost: "));
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Connect(at).ok());
  EXPECT_PRED1(misfit, pull.Receive(ever).status());
  EXPECT_TRUE(pull.Close(kSoon).ok()) << "nothing was lost";
  // The same of what is sent in time, and closed before anybody knows.
  Socket hasty = PushTo(at);
  EXPECT_TRUE(hasty.Send("lost, too").ok());
  EXPECT_THAT(hasty.Close(kSoon).message(), HasSubstr("close: 1 message was lost: "));
  // Another endpoint is another hope.
  Socket again = PushTo(at);
  EXPECT_PRED1(misfit, again.WaitReady(1, ever));
  ASSERT_TRUE(again.Connect(Bound()).ok());
  EXPECT_TRUE(again.WaitReady(1, kSoon).ok());
}

// With nothing left to tell when the call is over.
TEST_P(EventsTest, WhatHappensWhileClosingIsTold) {
  Socket push = PushTo(Bound());
  ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
  for (SocketEvent event; push.NextEvent(&event);) continue;
  Note(&push);
  ASSERT_TRUE(push.Send("last words").ok());
  EXPECT_TRUE(push.Close(kSoon).ok());
  EXPECT_THAT(told_, ElementsAre("closed"));
  told_.clear();
  ASSERT_TRUE(pull_->Receive(kSoon).ok());
  Note(&*pull_);
  EXPECT_TRUE(pull_->Close(kSoon).ok());
  EXPECT_THAT(told_, ElementsAre("listening", "accepted", "ready", "closed", "listens no more"))
      << "what was before is told first";
}

TEST_P(EventsTest, EventsWaitWhileNobodyIsTold) {
  Socket push = PushTo(Bound());
  ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
  ASSERT_TRUE(pull_->WaitReady(1, kSoon).ok());
  SocketEvent event;
  ASSERT_TRUE(pull_->NextEvent(&event));
  EXPECT_EQ(event.kind, SocketEvent::Kind::kListening);
  Note(&*pull_);
  loop_.RunOnce(absl::ZeroDuration());
  EXPECT_THAT(told_, ElementsAre("accepted", "ready"));
  pull_->OnEvent(nullptr);
  EXPECT_TRUE(push.Close(kSoon).ok());
  EXPECT_TRUE(TurnUntil([&] { return pull_->NextEvent(&event); }));
  EXPECT_EQ(event.kind, SocketEvent::Kind::kClosed);
  EXPECT_EQ(told_.size(), 2u);
}

TEST_P(EventsTest, ACallbackMayBeReplacedOrClearedFromWithin) {
  pull_->OnEvent([&, first = std::string("first")](const SocketEvent&) {
    pull_->OnEvent([&](const SocketEvent&) {
      pull_->OnEvent(nullptr);
      told_.emplace_back("then");
    });
    told_.push_back(first);
  });
  Socket push = PushTo(Bound());
  ASSERT_TRUE(pull_->WaitReady(1, kSoon).ok());
  loop_.RunOnce(absl::ZeroDuration());
  EXPECT_THAT(told_, ElementsAre("first", "then"));
  SocketEvent left;
  ASSERT_TRUE(pull_->NextEvent(&left));
  EXPECT_EQ(left.kind, SocketEvent::Kind::kReady);
}

TEST_P(EventsTest, ACallbackMaySendAndClose) {
  Socket push = PushTo(Bound());
  push.OnEvent([&](const SocketEvent& event) {
    if (event.kind != SocketEvent::Kind::kReady) return;
    EXPECT_TRUE(push.Send("hello").ok());
    push.StartClose(kSoon);
  });
  EXPECT_EQ(pull_->Receive(kSoon)->text(), "hello");
  EXPECT_TRUE(TurnUntil([&] { return push.closed(); }));
}

// Whichever call of the socket turns the loop meanwhile: it ends with an error.
TEST_P(EventsTest, ACallbackMayDestroyItsSocket) {
  using Call = std::function<absl::Status(Socket&)>;
  for (const Call& call : std::vector<Call>{
           [](Socket& s) { return s.Receive(kSoon).status(); },
           [](Socket& s) { return s.Send("to nobody", kSoon); },
           [](Socket& s) { return s.WaitReady(1, kSoon); },
           [](Socket& s) {
             return s.Close(kSoon).ok() ? absl::CancelledError() : absl::OkStatus();
           },
           [this](Socket&) {
             loop_.RunOnce(absl::ZeroDuration());
             return absl::CancelledError();
           },
       }) {
    std::optional<Socket> pair = loop_.MakeSocket(SocketType::kPair);
    ASSERT_TRUE(pair->Bind("tcp://127.0.0.1:*").ok());
    ASSERT_TRUE(pair->Bind("tcp://127.0.0.1:*").ok());
    int calls = 0;
    pair->OnEvent([&, witness = std::make_shared<int>(7)](const SocketEvent&) {
      ++calls;
      pair.reset();
      EXPECT_EQ(*witness, 7) << "the callback's own state outlives its call";
    });
    const absl::Status status = call(*pair);
    EXPECT_FALSE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
    loop_.RunOnce(absl::ZeroDuration());
    EXPECT_EQ(calls, 1) << "nothing is told of a socket that is gone";
  }
}

// How deep peers let it go must not be theirs to say.
TEST_P(EventsTest, ACallbackThatWaitsIsNotCalledWithinItself) {
  Socket push = PushTo(Bound());
  int depth = 0;
  pull_->OnEvent([&](const SocketEvent& event) {
    EXPECT_EQ(++depth, 1);
    EXPECT_TRUE(pull_->WaitReady(1, kSoon).ok());
    Noting()(event);
    --depth;
  });
  EXPECT_TRUE(TurnUntil([&] { return told_.size() == 3; }));
  EXPECT_THAT(told_, ElementsAre("listening", "accepted", "ready"));
}

TEST_P(EventsTest, WhatACallbackThrowsComesOutOfTheTurn) {
  bool thrown = false;
  pull_->OnEvent([&](const SocketEvent& event) {
    if (!std::exchange(thrown, true)) throw std::string("from a callback");
    Noting()(event);
  });
  Bound();
  Bound();
  EXPECT_THROW(loop_.RunOnce(absl::ZeroDuration()), std::string);
  loop_.RunOnce(absl::ZeroDuration());
  EXPECT_THAT(told_, ElementsAre("listening")) << "the other one is not kept back";
}

// A slice of work tells as many as it may.
TEST_P(EventsTest, PollTellsToo) {
  for (int i = 0; i < 3; ++i) Bound();
  Note(&*pull_);
  for (std::size_t told = 1; told <= 3; ++told) {
    EXPECT_TRUE(loop_.Poll(1));
    EXPECT_EQ(told_.size(), told);
  }
  EXPECT_FALSE(loop_.Poll());
  EXPECT_EQ(told_.size(), 3u);
}

Task<absl::Status> Until(Socket& socket, std::function<bool()> holds) {
  co_return co_await socket.AsyncUntil(std::move(holds));
}

Task<absl::Status> Ready(Socket& socket) { co_return co_await socket.AsyncReady(); }

TEST_P(EventsTest, CoroutinesWaitBesideACallback) {
  Note(&*pull_);
  Socket push = PushTo(Bound());
  EXPECT_TRUE(loop_.RunUntil(Ready(*pull_)).ok());
  EXPECT_THAT(told_, ElementsAre("listening", "accepted", "ready")) << "it is told before";
  push = Socket();
  EXPECT_TRUE(loop_.RunUntil(Until(*pull_, [&] { return told_.back() == "closed"; })).ok());
}

// One that waits for an event itself gets it, as soon as there is no callback any more.
TEST_P(EventsTest, CoroutinesTakeEventsThemselves) {
  const auto takes = [&](SocketEvent::Kind kind) {
    return [this, kind] {
      for (SocketEvent event; pull_->NextEvent(&event);) {
        if (event.kind == kind) return true;
      }
      return false;
    };
  };
  Socket push = PushTo(Bound());
  EXPECT_TRUE(loop_.RunUntil(Until(*pull_, takes(SocketEvent::Kind::kReady))).ok());
  pull_->OnEvent([&](const SocketEvent& event) {
    Noting()(event);
    pull_->OnEvent(nullptr);
  });
  ASSERT_TRUE(pull_->Bind("tcp://127.0.0.1:*").ok());
  ASSERT_TRUE(push.Close(kSoon).ok());
  EXPECT_TRUE(loop_.RunUntil(Until(*pull_, takes(SocketEvent::Kind::kClosed))).ok());
  EXPECT_THAT(told_, ElementsAre("listening"));
}

TEST_P(EventsTest, OfASocketThatCannotBeMadeNothingIsTold) {
  SocketOptions options;
  options.routing_id = std::string(300, 'i');
  Socket bad = loop_.MakeSocket(SocketType::kDealer, options);
  Note(&bad);
  loop_.RunOnce(absl::ZeroDuration());
  EXPECT_THAT(told_, IsEmpty());
}

ON_EACH_RUNTIME(EventsTest);

}  // namespace
}  // namespace monocoque::coro
