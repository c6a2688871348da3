#include "adapters/coro/socket.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/coro/awaitables.h"
#include "adapters/coro/loop.h"
#include "adapters/coro/task.h"
#include "adapters/zap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/options.h"
#include "tests/adapters/coro/runtimes.h"
#include "tests/support/raw_peer.h"

namespace monocoque::coro {
namespace {

using ::monocoque::testing::RawListener;
using ::monocoque::testing::RawPeer;

constexpr absl::Duration kSoon = absl::Seconds(10);

Message Must(absl::StatusOr<Message> message) {
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *std::move(message) : Message();
}

class SocketTest : public OnEachRuntime {
 protected:
  Loop& loop_ = NewLoop();
};

// Many messages of many sizes keep their order and their octets.
TEST_P(SocketTest, ManySizes) {
  Socket pull = loop_.MakeSocket(SocketType::kPull);
  const std::string at = *pull.Bind("ipc://@monocoque-many-sizes");
  Socket push = loop_.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(push.Connect(at).ok());
  constexpr std::size_t kSizes[] = {0, 1, 79, 80, 81, 255, 256, 2048, 2049, 70000, 1 << 20};
  int received = 0;
  auto check = [&](const Message& m) {
    const std::size_t size = kSizes[static_cast<std::size_t>(received) % std::size(kSizes)];
    ASSERT_EQ(m.size(), size) << received;
    ASSERT_TRUE(m.text() == std::string(size, static_cast<char>('a' + received % 26))) << received;
    ++received;
  };
  Message m;
  constexpr int kCount = 100;
  for (int sent = 0; sent < kCount; ++sent) {
    const std::size_t size = kSizes[static_cast<std::size_t>(sent) % std::size(kSizes)];
    ASSERT_TRUE(
        push.Send(Message(std::string(size, static_cast<char>('a' + sent % 26))), kSoon).ok());
    while (pull.TryReceive(&m)) check(m);
  }
  push.Flush();
  while (received < kCount) check(Must(pull.Receive(kSoon)));
}

TEST_P(SocketTest, RequestReply) {
  Socket rep = loop_.MakeSocket(SocketType::kRep);
  const std::string at = *rep.Bind("tcp://*:0");
  auto req = loop_.Req(absl::StrCat("tcp://127.0.0.1", at.substr(at.rfind(':'))));
  ASSERT_TRUE(req.ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(req->Send(Message({"question", absl::StrCat(i)})).ok());
    Message question = Must(rep.Receive(kSoon));
    ASSERT_EQ(question.part_count(), 2u);
    ASSERT_TRUE(rep.Send(absl::StrCat("answer ", question[1].text())).ok());
    EXPECT_EQ(Must(req->Receive(kSoon)).text(), absl::StrCat("answer ", i));
  }
}

// The end may come while the kernel still writes into a frame's block.
TEST_P(SocketTest, ALargeFrameIsCutByTheEnd) {
  for (const bool we_close : {true, false}) {
    Socket pull = loop_.MakeSocket(SocketType::kPull);
    monocoque::testing::RawPeer peer([&] { loop_.RunOnce(absl::Milliseconds(1)); },
                                     *pull.Bind("tcp://127.0.0.1:*"));
    peer.HandshakeAs("PUSH");
    peer.Write(std::string("\x02\0\0\0\0\0\x40\0\0", 9) + std::string(500'000, 'x'));
    EXPECT_FALSE(pull.Receive(absl::Milliseconds(30)).ok());
    if (we_close) {
      EXPECT_TRUE(pull.Close(absl::ZeroDuration()).ok());
      continue;
    }
    peer.Close();
    while (pull.core().ready_peers() > 0) loop_.RunOnce(kSoon);
    Message none;
    EXPECT_FALSE(pull.TryReceive(&none));
  }
}

// A write fails, and the peer has neither said anything nor gone: nothing is waited for.
TEST_P(SocketTest, WhoOnlyRefusesToReadIsLeft) {
  Socket push = loop_.MakeSocket(SocketType::kPush);
  RawPeer peer([&] { loop_.RunOnce(absl::Milliseconds(1)); },
               *push.Bind("ipc://@monocoque-refuses-to-read"));
  peer.HandshakeAs("PULL");
  ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
  peer.EndReading();
  ASSERT_TRUE(push.Send("to nobody", kSoon).ok());
  // Sooner than behind a failed write is read on.
  const absl::Time latest = absl::Now() + kSoon;
  while (push.core().ready_peers() > 0 && absl::Now() < latest) {
    loop_.RunOnce(absl::Milliseconds(100));
  }
  EXPECT_EQ(push.core().ready_peers(), 0u);
  EXPECT_EQ(push.stats().lost, 1u);
  EXPECT_TRUE(peer.ReadToEnd());
}

// Octets that wait for memory are read once there is some again.
TEST_P(SocketTest, ASpentBudgetPausesReading) {
  for (const std::size_t size : {60'000u, 100'000u}) {
    SocketOptions options;
    options.budget_bytes = 300 * 1024;
    Socket pull = loop_.MakeSocket(SocketType::kPull, options);
    auto push = loop_.Push(*pull.Bind("tcp://127.0.0.1:*"));
    std::vector<Message> kept;
    int paused = 0;
    const std::string text(size, 'k');
    for (int i = 0; i < 12; ++i) {
      ASSERT_TRUE(push->Send(text, kSoon).ok());
      push->Flush();
      absl::StatusOr<Message> got = pull.Receive(absl::Milliseconds(50));
      if (!got.ok()) {
        ++paused;
        kept.clear();  // the memory that was held is given back
        got = pull.Receive(kSoon);
      }
      ASSERT_TRUE(got.ok()) << i << got.status();
      ASSERT_TRUE(got->text() == text);
      kept.push_back(*std::move(got));
    }
    EXPECT_GT(paused, 0);
  }
}

class SocketLifeTest : public OnEachRuntime {};

// A publisher whose owner does nothing but send still hears of those who subscribe.
TEST_P(SocketLifeTest, PublishingToNobodyTurnsTheLoop) {
  Loop& theirs = NewLoop();
  Socket sub = theirs.MakeSocket(SocketType::kSub);
  ASSERT_TRUE(sub.Subscribe("").ok());
  Loop& ours = NewLoop();
  Socket pub = ours.MakeSocket(SocketType::kPub);
  const auto bound = pub.Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(bound.ok());
  ASSERT_TRUE(sub.Connect(*bound).ok());
  Message message;
  bool got = false;
  for (const absl::Time end = absl::Now() + kSoon; !got && absl::Now() < end;) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(pub.Send("x").ok());
    theirs.RunOnce(absl::ZeroDuration());
    got = sub.TryReceive(&message);
  }
  EXPECT_TRUE(got);
}

// Each Bind and Connect may bring options of its own; without any the socket's hold.
TEST_P(SocketLifeTest, OptionsOfOneEndpoint) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  Socket push = loop.MakeSocket(SocketType::kPush);
  LinkOptions options;
  options.transport.ipv6 = false;
  EXPECT_FALSE(pull.Bind("tcp://[::1]:*", &options).ok());
  auto at = pull.Bind("tcp://[::1]:*");
  ASSERT_TRUE(at.ok()) << at.status();
  options.retry.dial_failed = Retry::kNever;
  ASSERT_TRUE(push.Connect(*at, &options).ok());
  bool gave_up = false;
  for (const absl::Time end = absl::Now() + kSoon; !gave_up && absl::Now() < end;) {
    loop.RunOnce(absl::Milliseconds(1));
    for (SocketEvent event; push.NextEvent(&event);) {
      EXPECT_NE(event.kind, SocketEvent::Kind::kConnected);
      gave_up = gave_up || event.kind == SocketEvent::Kind::kGaveUp;
    }
  }
  EXPECT_TRUE(gave_up);
  ASSERT_TRUE(push.Connect(*at).ok());
  ASSERT_TRUE(push.Send("by the other way", kSoon).ok());
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), "by the other way");
}

// DISH-4: joined and left.
TEST_P(SocketLifeTest, Groups) {
  Loop& loop = NewLoop();
  Socket radio = loop.MakeSocket(SocketType::kRadio);
  Socket dish = loop.MakeSocket(SocketType::kDish);
  ASSERT_TRUE(dish.Join("in").ok());
  ASSERT_TRUE(dish.Join("out").ok());
  ASSERT_TRUE(dish.Leave("out").ok());
  EXPECT_TRUE(absl::IsNotFound(dish.Leave("out")));
  ASSERT_TRUE(dish.Connect(*radio.Bind("ipc://*")).ok());
  for (const absl::Time end = absl::Now() + kSoon; radio.core().topics() < 1;) {
    ASSERT_LT(absl::Now(), end);
    loop.RunOnce(absl::Milliseconds(10));
  }
  for (const char* group : {"out", "in"}) {
    Message message(group);
    ASSERT_TRUE(message.set_group(group));
    ASSERT_TRUE(radio.Send(&message).ok());
  }
  EXPECT_EQ(Must(dish.Receive(kSoon)).text(), "in");
}

// Whoever asks for a socket's peers is not asked any more once it is gone.
TEST_P(SocketLifeTest, ADestroyedSocketAsksNobody) {
  enum class Destroyed { kNever, kBefore, kWithin };
  for (const Destroyed when : {Destroyed::kNever, Destroyed::kBefore, Destroyed::kWithin}) {
    constexpr int kPeers = 3;
    Loop& loop = NewLoop();
    SocketOptions asking;
    asking.link.mechanism = PlainServer{};
    std::optional<Socket> pull = loop.MakeSocket(SocketType::kPull, asking);
    int asked = 0;
    pull->SetAuthenticator(AuthenticateBy([&](const AuthRequest&) {
      ++asked;
      if (when == Destroyed::kWithin) pull.reset();
      return AuthVerdict{.status = AuthStatus::kAccepted};
    }));
    const std::string bound = *pull->Bind("tcp://127.0.0.1:*");
    SocketOptions named;
    named.link.mechanism = PlainClient{.username = "ada", .password = "x"};
    std::vector<Socket> peers;
    for (int i = 0; i < kPeers; ++i) {
      peers.push_back(loop.MakeSocket(SocketType::kPush, named));
      ASSERT_TRUE(peers.back().Connect(bound).ok());
    }
    // Exchanges with the kernel and runs no user code: all of them wait to be asked about.
    for (int i = 0; i < 500; ++i) peers[0].Flush();
    if (when == Destroyed::kBefore) pull.reset();
    for (int i = 0; i < 20; ++i) loop.RunOnce(absl::ZeroDuration());
    EXPECT_EQ(asked, when == Destroyed::kNever ? kPeers : when == Destroyed::kWithin ? 1 : 0);
  }
}

// A socket whose peers have to be let in, at one of its endpoints, and a crowd of them that has
// said who they are and waits to be asked about.
class CrowdTest : public OnEachRuntime {
 protected:
  static constexpr int kPeers = 20;

  void SetUp() override {
    pull_.SetAuthenticator(AuthenticateBy([this](const AuthRequest&) {
      ++asked_;
      return AuthVerdict{.status = AuthStatus::kAccepted};
    }));
    LinkOptions asking;
    asking.mechanism = PlainServer{};
    const std::string bound = *pull_.Bind("tcp://127.0.0.1:*", &asking);
    SocketOptions named;
    named.link.mechanism = PlainClient{.username = "ada", .password = "x"};
    for (int i = 0; i < kPeers; ++i) {
      peers_.push_back(loop_.MakeSocket(SocketType::kPush, named));
      ASSERT_TRUE(peers_.back().Connect(bound).ok());
    }
    Exchange();
    EXPECT_EQ(asked_, 0);
  }
  // With the kernel, and runs no user code.
  void Exchange() {
    for (int i = 0; i < 500; ++i) pull_.Flush();
  }

  Loop& loop_ = NewLoop();
  Socket pull_ = loop_.MakeSocket(SocketType::kPull);
  std::vector<Socket> peers_;
  int asked_ = 0;
};

TEST_P(CrowdTest, WhoIsGoneIsNotAskedAbout) {
  peers_.erase(peers_.begin() + 1, peers_.end());
  Exchange();
  for (int i = 0; i < 2 * kPeers; ++i) loop_.RunOnce(absl::ZeroDuration());
  EXPECT_EQ(asked_, 1);
}

// How many had been asked about when it came.
Task<> TakeOne(Socket* pull, const int* asked, int* before) {
  const auto message = co_await pull->AsyncReceive();
  *before = message.ok() ? *asked : -2;
}

// Whoever waits for a message is served beside the authenticator, not after all of its work.
TEST_P(CrowdTest, AWaitingReceiverIsServedBesideTheAuthenticator) {
  int before = -1;
  loop_.Spawn(TakeOne(&pull_, &asked_, &before));
  Socket push = *loop_.Push(*pull_.Bind("tcp://127.0.0.1:*"));
  ASSERT_TRUE(push.Send("x").ok());
  Exchange();
  EXPECT_EQ(before, -1);
  for (int polls = 0; before < 0 && polls < 2 * kPeers; ++polls) loop_.Poll(1);
  EXPECT_EQ(before, 1);
}

// One who throws keeps the others from nothing: they are asked about at the next turn.
TEST_P(SocketLifeTest, WhatAnAuthenticatorThrowsComesOutOfTheTurn) {
  Loop& loop = NewLoop();
  SocketOptions asking;
  asking.link.mechanism = PlainServer{};
  Socket pull = loop.MakeSocket(SocketType::kPull, asking);
  int asked = 0;
  pull.SetAuthenticator(AuthenticateBy([&](const AuthRequest&) -> AuthVerdict {
    if (++asked == 1) throw std::string("from an authenticator");
    return AuthVerdict{.status = AuthStatus::kAccepted};
  }));
  const std::string bound = *pull.Bind("tcp://127.0.0.1:*");
  SocketOptions named;
  named.link.mechanism = PlainClient{.username = "ada", .password = "x"};
  std::vector<Socket> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(loop.MakeSocket(SocketType::kPush, named));
    ASSERT_TRUE(peers.back().Connect(bound).ok());
  }
  for (int i = 0; i < 500; ++i) peers[0].Flush();
  EXPECT_THROW(loop.RunOnce(absl::ZeroDuration()), std::string);
  EXPECT_EQ(asked, 1);
  loop.RunOnce(absl::ZeroDuration());
  EXPECT_EQ(asked, 3);
}

Task<void> CloseLater(Loop& loop, Socket& socket) {
  co_await loop.AsyncSleep(absl::ZeroDuration());
  socket.StartClose(absl::ZeroDuration());
}

// Nobody will come any more.
TEST_P(SocketLifeTest, WaitingForPeersEndsWithTheSocket) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  ASSERT_TRUE(pull.Bind("tcp://127.0.0.1:*").ok());
  loop.Spawn(CloseLater(loop, pull));
  const absl::Status waited = pull.WaitReady(1, kSoon);
  EXPECT_TRUE(absl::IsCancelled(waited)) << waited;
}

// Changes what is being sent, and only then has it taken.
Task<> ChangeAndConnect(Loop& loop, int readable, std::string* text, Socket* pull,
                        const std::string* at) {
  co_await loop.AsyncReadable(readable);
  text->assign(text->size(), '!');
  EXPECT_TRUE(pull->Connect(*at).ok());
}

// While Send waits the loop serves others: what they do to the text is too late.
TEST_P(SocketLifeTest, ATextThatWaitsIsCopied) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  Loop& loop = NewLoop();
  Socket push = loop.MakeSocket(SocketType::kPush);
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string at = *push.Bind("tcp://127.0.0.1:*");
  std::string text(1000, 'x');
  loop.Spawn(ChangeAndConnect(loop, ends[0], &text, &pull, &at));
  EXPECT_TRUE(push.Send(text, kSoon).ok());
  EXPECT_EQ(text, std::string(1000, '!'));
  EXPECT_EQ(Must(pull.Receive(kSoon)).text(), std::string(1000, 'x'));
  close(ends[0]);
  close(ends[1]);
}

// Though the kernel watches the listening descriptor until the ring is next handed over.
TEST_P(SocketLifeTest, AnAddressIsFreeAtOnce) {
  Loop& loop = NewLoop();
  Socket first = loop.MakeSocket(SocketType::kPull);
  const std::string at = *first.Bind("tcp://127.0.0.1:*");
  loop.RunOnce(absl::ZeroDuration());
  ASSERT_TRUE(first.Unbind(at).ok());
  Socket second = loop.MakeSocket(SocketType::kPull);
  EXPECT_EQ(second.Bind(at).status(), absl::OkStatus());
}

// TR-6: closing writes what was sent.
TEST_P(SocketLifeTest, CloseLingers) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  const std::string at = *pull.Bind("tcp://127.0.0.1:*");
  auto push = loop.Push(at);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(push->Send(absl::StrCat(i)).ok());
  EXPECT_TRUE(push->Close(kSoon).ok());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(Must(pull.Receive(kSoon)).text(), absl::StrCat(i));
}

// Nobody ever comes: the linger time ends it, and the loss is said.
TEST_P(SocketLifeTest, LingerEnds) {
  Loop& loop = NewLoop();
  auto push = loop.Push("ipc://@monocoque-nobody");
  ASSERT_TRUE(push->Send("lost").ok());
  EXPECT_EQ(push->Close(absl::Milliseconds(30)).code(), absl::StatusCode::kDeadlineExceeded);
}

class LinkTest : public OnEachRuntime {};

// What a link had not handed to the kernel when it went reaches nobody who has its descriptor's
// number afterwards.
TEST_P(LinkTest, WritesNothingIntoADescriptorThatIsAnothersNow) {
  Loop& loop = NewLoop();
  const RawPeer::Turn turn = [&] { loop.RunOnce(absl::Milliseconds(1)); };
  const RawListener before("tcp://127.0.0.1:0");
  const RawListener behind("tcp://127.0.0.1:0");
  {
    Socket goes = loop.MakeSocket(SocketType::kPush);
    ASSERT_TRUE(goes.Connect(before.endpoint()).ok());
    RawPeer peer(turn, before.Accept(turn));
    peer.HandshakeAs("PULL");
    ASSERT_TRUE(goes.WaitReady(1, kSoon).ok());
    Message message(std::string(1 << 20, 'p'));
    ASSERT_TRUE(goes.TrySend(&message).ok());
  }
  Socket comes = loop.MakeSocket(SocketType::kPush);
  ASSERT_TRUE(comes.Connect(behind.endpoint()).ok());
  RawPeer peer(turn, behind.Accept(turn));
  const std::string heard = peer.ReadUntil("\xff");
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard[0], '\xff');
}

Task<void> SendLast(Socket& socket) {
  const absl::Status sent = co_await socket.AsyncSend(Message("last words"));
  EXPECT_TRUE(sent.ok()) << sent;
}

// A socket that is destroyed waits for nothing, but what the kernel takes now it gets.
TEST_P(LinkTest, WhatTheKernelTakesIsWrittenWhenASocketIsDestroyed) {
  Loop& loop = NewLoop();
  Socket pull = loop.MakeSocket(SocketType::kPull);
  {
    Socket push = loop.MakeSocket(SocketType::kPush);
    ASSERT_TRUE(push.Connect(*pull.Bind("tcp://127.0.0.1:*")).ok());
    ASSERT_TRUE(push.WaitReady(1, kSoon).ok());
    loop.Spawn(SendLast(push));
  }
  EXPECT_EQ(pull.Receive(kSoon)->text(), "last words");
}

class AuthenticatorTest : public OnEachRuntime {};

// An authenticator may wait for something itself, as the callback of events may. It is not called
// within itself either: those who knock would decide how deep.
TEST_P(AuthenticatorTest, ThoseWhoKnockDoNotDecideHowDeepItIsCalled) {
  Loop& loop = NewLoop();
  int depth = 0;
  int deepest = 0;
  SocketOptions asks;
  asks.link.mechanism = PlainServer{};
  Socket pull = loop.MakeSocket(SocketType::kPull, asks);
  pull.SetAuthenticator(AuthenticateBy([&](const AuthRequest&) {
    deepest = std::max(deepest, ++depth);
    const absl::Time until = absl::Now() + absl::Milliseconds(20);
    while (absl::Now() < until) loop.RunOnce(absl::Milliseconds(1));
    --depth;
    return AuthVerdict{.status = AuthStatus::kAccepted};
  }));
  const auto at = pull.Bind("tcp://127.0.0.1:*");
  SocketOptions knocks;
  knocks.link.mechanism = PlainClient{.username = "u", .password = std::string("p")};
  std::vector<Socket> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(loop.MakeSocket(SocketType::kPush, knocks));
    ASSERT_TRUE(peers.back().Connect(*at).ok());
  }
  EXPECT_TRUE(pull.WaitReady(20, kSoon).ok());
  EXPECT_EQ(deepest, 1);
}

ON_EACH_RUNTIME(SocketTest);
ON_EACH_RUNTIME(SocketLifeTest);
ON_EACH_RUNTIME(CrowdTest);
ON_EACH_RUNTIME(LinkTest);
ON_EACH_RUNTIME(AuthenticatorTest);

}  // namespace
}  // namespace monocoque::coro
