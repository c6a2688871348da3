#include "adapters/uv/socket.h"

#include <unistd.h>

#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "adapters/zap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/cause.h"
#include "protocol/mechanism/options.h"
#include "tests/adapters/uv/fixture.h"

namespace monocoque::uv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SocketTest = UvTest;

std::string Abstract(std::string_view name) {
  return absl::StrCat("ipc://@monocoque-uv-", name, "-", getpid());
}

// Over each transport, whoever binds.
TEST_F(SocketTest, MessagesCross) {
  for (const std::string& endpoint :
       {std::string("tcp://127.0.0.1:*"), std::string("tcp://[::1]:*"), std::string("ipc://*"),
        Abstract("cross")}) {
    for (const bool sender_binds : {true, false}) {
      auto& push = Make(SocketType::kPush);
      auto& pull = Make(SocketType::kPull);
      const auto bound = (sender_binds ? push : pull)->Bind(endpoint);
      ASSERT_TRUE(bound.ok()) << bound.status();
      ASSERT_TRUE((sender_binds ? pull : push)->Connect(*bound).ok());
      Send(push.get(), "one");
      Send(push.get(), std::string(3 << 20, 'x'));
      EXPECT_EQ(Receive(pull.get()), "one");
      EXPECT_EQ(Receive(pull.get()).size(), 3u << 20);
      push.reset();
      pull.reset();
    }
  }
}

// Many messages of many sizes keep their order and their octets.
TEST_F(SocketTest, ManySizes) {
  constexpr std::size_t kSizes[] = {0, 1, 79, 80, 81, 255, 256, 2048, 2049, 70000, 1 << 20};
  auto text = [&](std::size_t n) {
    return std::string(kSizes[n % std::size(kSizes)], static_cast<char>('a' + n % 26));
  };
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  std::size_t received = 0;
  pull->OnMessage([&](const Message& m) {
    EXPECT_TRUE(m.text() == text(received)) << received;
    ++received;
  });
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  for (std::size_t sent = 0; sent < 100; ++sent) Send(push.get(), text(sent));
  EXPECT_TRUE(RunUntil([&] { return received == 100; }));
}

// A program of callbacks alone.
TEST_F(SocketTest, RequestReply) {
  auto& rep = Make(SocketType::kRep);
  auto& req = Make(SocketType::kReq);
  rep->OnMessage([&](const Message& question) {
    EXPECT_TRUE(rep->Send(absl::StrCat("to ", question.text())).ok());
  });
  std::vector<std::string> replies;
  req->OnMessage([&](const Message& reply) {
    replies.emplace_back(reply.text());
    if (replies.size() < 3) {
      EXPECT_TRUE(req->Send(absl::StrCat(replies.size())).ok());
      return;
    }
    req->Close();
    rep->Close();
  });
  ASSERT_TRUE(req->Connect(*rep->Bind("tcp://127.0.0.1:*")).ok());
  ASSERT_TRUE(req->Send("0").ok());
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_THAT(replies, ElementsAre("to 0", "to 1", "to 2"));
}

TEST_F(SocketTest, Publishing) {
  auto& pub = Make(SocketType::kPub);
  auto& sub = Make(SocketType::kSub);
  ASSERT_TRUE(sub->Subscribe("a.").ok());
  ASSERT_TRUE(sub->Subscribe("b.").ok());
  ASSERT_TRUE(sub->Unsubscribe("b.").ok());
  ASSERT_TRUE(sub->Connect(*pub->Bind("ipc://*")).ok());
  ASSERT_TRUE(RunUntil([&] { return pub->core().topics() == 1; }));
  for (const char* text : {"b.1", "a.1", "c.1", "a.2"}) ASSERT_TRUE(pub->Send(text).ok());
  EXPECT_EQ(Receive(sub.get()), "a.1");
  EXPECT_EQ(Receive(sub.get()), "a.2");
}

TEST_F(SocketTest, Groups) {
  auto& radio = Make(SocketType::kRadio);
  auto& dish = Make(SocketType::kDish);
  ASSERT_TRUE(dish->Join("in").ok());
  ASSERT_TRUE(dish->Join("out").ok());
  ASSERT_TRUE(dish->Leave("out").ok());
  ASSERT_TRUE(dish->Connect(*radio->Bind("ipc://*")).ok());
  ASSERT_TRUE(RunUntil([&] { return radio->core().topics() == 1; }));
  for (const char* group : {"out", "in"}) {
    Message message(group);
    ASSERT_TRUE(message.set_group(group));
    ASSERT_TRUE(radio->Send(&message).ok());
  }
  EXPECT_EQ(Receive(dish.get()), "in");
}

// Each Bind and Connect may bring options of its own.
TEST_F(SocketTest, OptionsOfOneEndpoint) {
  auto& pull = Make(SocketType::kPull);
  LinkOptions options;
  options.transport.ipv6 = true;
  const auto both = pull->Bind("tcp://*:*", &options);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(*both, HasSubstr("tcp://[::]:"));
  options.transport.ipv6 = false;
  EXPECT_FALSE(pull->Bind("tcp://[::1]:*", &options).ok());
  EXPECT_TRUE(pull->Bind("tcp://[::1]:*").ok());
}

TEST_F(SocketTest, AnAddressInUseIsSaidAtOnce) {
  auto& first = Make(SocketType::kPull);
  const std::string bound = *first->Bind("tcp://127.0.0.1:*");
  const auto second = Make(SocketType::kPull)->Bind(bound);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(bound));
  ASSERT_TRUE(first->Unbind(bound).ok());
  EXPECT_TRUE(Make(SocketType::kPull)->Bind(bound).ok()) << "the address is free again";
  EXPECT_TRUE(absl::IsNotFound(first->Unbind(bound)));
}

TEST_F(SocketTest, NamesAreLookedUp) {
  auto& push = Make(SocketType::kPush);
  auto& pull = Make(SocketType::kPull);
  const std::string bound = *pull->Bind("tcp://127.0.0.1:*");
  const std::string by_name = "tcp://localhost" + bound.substr(bound.rfind(':'));
  ASSERT_TRUE(push->Connect(by_name).ok());
  Send(push.get(), "by name");
  EXPECT_EQ(Receive(pull.get()), "by name");
  EXPECT_TRUE(push->Disconnect(by_name).ok());
  EXPECT_TRUE(absl::IsNotFound(push->Disconnect(by_name)));
}

// What is under way when the socket goes is left to end by itself, and tells nobody.
TEST_F(SocketTest, DestroyedWhileANameIsLookedUp) {
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect("tcp://localhost:1").ok());
  RunUntil([&] {
    SocketEvent event;
    return push->NextEvent(&event);
  });
  push.reset();
  EXPECT_TRUE(loop_->RunOut());
}

// Paused, messages wait in the socket and beyond its mark in the network; the sender is refused,
// and told when there is room.
TEST_F(SocketTest, PausingSlowsTheSenderDown) {
  SocketOptions narrow;
  narrow.send_mark.messages = 4;
  narrow.receive_mark.messages = 4;
  auto& push = Make(SocketType::kPush, narrow);
  auto& pull = Make(SocketType::kPull, narrow);
  int received = 0;
  pull->OnMessage([&](const Message&) { ++received; });
  pull->Pause();
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  int writable = 0;
  push->OnWritable([&] { ++writable; });
  const std::string large(1 << 20, 'p');
  int sent = 0;
  absl::Status status;
  for (int quiet = 0; quiet < 5;) {
    ASSERT_LT(sent, 200) << "nobody slows it down";
    status = push->Send(large);
    sent += status.ok() ? 1 : 0;
    quiet = status.ok() ? 0 : quiet + 1;
    loop_->RunOnce(absl::Milliseconds(20));
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(received, 0);
  const int told = writable;
  Message one;
  ASSERT_TRUE(pull->TryReceive(&one)) << "taking by hand goes on";
  pull->Resume();
  EXPECT_TRUE(RunUntil([&] { return writable > told; }));
  EXPECT_TRUE(push->Send("room").ok());
  EXPECT_TRUE(RunUntil([&] { return received == sent; })) << received << " of " << sent;
}

// A publisher that drops nothing is told, too.
TEST_F(SocketTest, WritableByAllSubscribers) {
  SocketOptions narrow;
  narrow.send_mark.messages = 2;
  narrow.receive_mark.messages = 2;
  narrow.xpub_nodrop = true;
  auto& pub = Make(SocketType::kPub, narrow);
  narrow.xpub_nodrop = false;
  auto& sub = Make(SocketType::kSub, narrow);
  int received = 0;
  sub->OnMessage([&](const Message&) { ++received; });
  ASSERT_TRUE(sub->Subscribe("").ok());
  ASSERT_TRUE(sub->Connect(*pub->Bind("tcp://127.0.0.1:*")).ok());
  ASSERT_TRUE(RunUntil([&] { return pub->core().topics() == 1; }));
  sub->Pause();
  int writable = 0;
  pub->OnWritable([&] { ++writable; });
  const std::string large(1 << 20, 'p');
  int sent = 0;
  for (int tries = 0, quiet = 0; tries < 200 && quiet < 5; ++tries) {
    const absl::Status status = pub->Send(large);
    ASSERT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
    sent += status.ok() ? 1 : 0;
    quiet = status.ok() ? 0 : quiet + 1;
    loop_->RunOnce(absl::Milliseconds(20));
  }
  EXPECT_FALSE(pub->core().CanSend());
  const int told = writable;
  sub->Resume();
  EXPECT_TRUE(RunUntil([&] { return writable > told; }));
  EXPECT_TRUE(pub->core().CanSend());
  EXPECT_TRUE(RunUntil([&] { return received == sent; })) << received << " of " << sent;
}

// Where the destination decides, the room of that peer does.
TEST_F(SocketTest, WritableByPeer) {
  SocketOptions narrow;
  narrow.send_mark.messages = 2;
  narrow.receive_mark.messages = 2;
  SocketOptions mandatory = narrow;
  mandatory.router_mandatory = true;
  auto& router = Make(SocketType::kRouter, mandatory);
  narrow.routing_id = "slow";
  auto& dealer = Make(SocketType::kDealer, narrow);
  ASSERT_TRUE(dealer->Connect(*router->Bind("tcp://127.0.0.1:*")).ok());
  Send(dealer.get(), "here I am");
  EXPECT_EQ(Receive(router.get()), "here I am");
  dealer->Pause();
  int writable = 0;
  router->OnWritable([&] { ++writable; });
  Message large(std::string(1 << 20, 'r'));
  large.set_to(AsBytes(std::string_view("slow")));
  int quiet = 0;
  for (int sent = 0; sent < 200 && quiet < 5; ++sent) {
    Message copy = large;
    const absl::Status status = router->Send(&copy);
    ASSERT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
    quiet = status.ok() ? 0 : quiet + 1;
    loop_->RunOnce(absl::Milliseconds(20));
  }
  ASSERT_EQ(quiet, 5) << "nobody slows it down";
  const int told = writable;
  loop_->RunFor(absl::Milliseconds(20));
  EXPECT_EQ(writable, told) << "there is no room";
  dealer->OnMessage([](const Message&) {});
  dealer->Resume();
  EXPECT_TRUE(RunUntil([&] { return writable > told; }));
}

// And if the peer that is waited for goes: the next Send says so.
TEST_F(SocketTest, WritableByAPeerThatGoes) {
  SocketOptions mandatory;
  mandatory.send_mark.messages = 2;
  mandatory.router_mandatory = true;
  auto& router = Make(SocketType::kRouter, mandatory);
  SocketOptions slow;
  slow.receive_mark.messages = 2;
  slow.routing_id = "slow";
  auto& dealer = Make(SocketType::kDealer, slow);
  ASSERT_TRUE(dealer->Connect(*router->Bind("inproc://goes")).ok());
  Send(dealer.get(), "here I am");
  EXPECT_EQ(Receive(router.get()), "here I am");
  dealer->Pause();
  int writable = 0;
  router->OnWritable([&] { ++writable; });
  Message message(std::string(1 << 20, 'r'));
  const Message large = message;
  absl::Status status;
  int quiet = 0;
  for (int sent = 0; sent < 200 && quiet < 5; ++sent) {
    message = large;
    message.set_to(AsBytes(std::string_view("slow")));
    status = router->Send(&message);
    quiet = status.ok() ? 0 : quiet + 1;
    loop_->RunOnce(absl::Milliseconds(5));
  }
  ASSERT_TRUE(absl::IsUnavailable(status)) << status;
  const int told = writable;
  dealer.reset();
  EXPECT_TRUE(RunUntil([&] { return writable > told; }));
  EXPECT_TRUE(absl::IsNotFound(router->Send(&message)));
}

// All events are told before the end is, however many there are.
TEST_F(SocketTest, TheEndComesBehindAllEvents) {
  constexpr int kLinks = 1500;
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  const std::string at = *pull->Bind("inproc://many");
  int ready = 0;
  int closed = 0;
  pull->OnEvent([&](const SocketEvent& event) {
    if (event.kind == SocketEvent::Kind::kReady) ++ready;
    if (event.kind == SocketEvent::Kind::kClosed) ++closed;
  });
  for (int i = 0; i < kLinks; ++i) {
    ASSERT_TRUE(push->Connect(at).ok());
    if (i % 100 == 99) {
      ASSERT_TRUE(RunUntil([&] { return ready == i + 1; }));
    }
  }
  int told = -1;
  pull->Close(absl::ZeroDuration(), [&](const absl::Status&) { told = closed; });
  ASSERT_TRUE(RunUntil([&] { return told >= 0; }));
  EXPECT_EQ(told, kLinks);
}

// TR-6: closing writes what was sent, then says so.
TEST_F(SocketTest, CloseLingers) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  for (int i = 0; i < 1000; ++i) Send(push.get(), absl::StrCat(i));
  std::vector<absl::Status> done;
  push->Close(absl::Seconds(10), [&](const absl::Status& s) { done.push_back(s); });
  push->Close(absl::Seconds(10), [&](const absl::Status& s) { done.push_back(s); });
  EXPECT_TRUE(absl::IsFailedPrecondition(push->Send("too late")));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(Receive(pull.get()), absl::StrCat(i));
  EXPECT_TRUE(RunUntil([&] { return !done.empty(); }));
  EXPECT_THAT(done, ElementsAre(absl::OkStatus(), absl::OkStatus()));
  // Closed once more: it is.
  push->Close(absl::ZeroDuration(), [&](const absl::Status& s) { done.push_back(s); });
  EXPECT_TRUE(RunUntil([&] { return done.size() == 3; }));
}

// Also if the first close cut links off, which go a turn later.
TEST_F(SocketTest, EachCloseIsAnswered) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(*pull->Bind("tcp://127.0.0.1:*")).ok());
  Send(push.get(), "joined");
  EXPECT_EQ(Receive(pull.get()), "joined");
  for (int times = 1; times <= 3; ++times) {
    int done = 0;
    pull->Close(absl::ZeroDuration(), [&](const absl::Status&) { ++done; });
    ASSERT_TRUE(RunUntil([&] { return done == 1; })) << times;
  }
}

TEST_F(SocketTest, AClosePastItsTimeSaysWhatWasLost) {
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(Abstract("nobody")).ok());
  Send(push.get(), "to nobody");
  absl::Status result;
  push->Close(absl::Milliseconds(20), [&](const absl::Status& s) { result = s; });
  EXPECT_TRUE(loop_->RunOut());
  EXPECT_TRUE(absl::IsDeadlineExceeded(result)) << result;
}

// From their own callbacks, whichever.
TEST_F(SocketTest, MayBeDestroyedInAnyCallback) {
  for (const int which : {0, 1, 2, 3}) {
    auto& pull = Make(SocketType::kPull);
    auto& push = Make(SocketType::kPush);
    bool gone = false;
    auto destroy = [&, witness = std::make_shared<int>(which)] {
      pull.reset();
      push.reset();
      EXPECT_EQ(*witness, which) << "the callback's own state outlives its call";
      gone = true;
    };
    if (which == 0) pull->OnMessage([=](const Message&) { destroy(); });
    if (which == 1) pull->OnEvent([=](const SocketEvent&) { destroy(); });
    if (which == 2) {
      push->OnWritable(destroy);
      EXPECT_TRUE(absl::IsUnavailable(push->Send("nobody is there")));
    }
    if (which == 3) push->Close(absl::Seconds(1), [=](const absl::Status&) { destroy(); });
    const std::string at = *pull->Bind("tcp://127.0.0.1:*");
    if (which < 3) {
      ASSERT_TRUE(push->Connect(at).ok());
    }
    if (which == 0) {
      for (int i = 0; i < 10; ++i) Send(push.get(), "x");
    }
    EXPECT_TRUE(RunUntil([&] { return gone; })) << which;
    EXPECT_TRUE(loop_->RunOut());
  }
}

// A callback may put another in its place, or none.
TEST_F(SocketTest, CallbacksMayBeReplacedFromWithin) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  std::string seen;
  pull->OnMessage([&, first = std::string("first ")](const Message& m) {
    pull->OnMessage([&](const Message& then) {
      pull->OnMessage(nullptr);
      seen += absl::StrCat("then ", then.text(), " ");
    });
    seen += first + std::string(m.text()) + " ";
  });
  ASSERT_TRUE(push->Connect(*pull->Bind("ipc://*")).ok());
  for (const char* text : {"1", "2", "3"}) Send(push.get(), text);
  EXPECT_TRUE(RunUntil([&] { return seen.size() > 10; }));
  EXPECT_EQ(Receive(pull.get()), "3");
  EXPECT_EQ(seen, "first 1 then 2 ");
}

TEST_F(SocketTest, EventsAreToldAsTheyHappen) {
  auto& pull = Make(SocketType::kPull);
  auto& push = Make(SocketType::kPush);
  std::vector<std::string> told;
  pull->OnEvent([&](const SocketEvent& e) { told.emplace_back(SocketEventName(e.kind)); });
  const std::string at = *pull->Bind("ipc://*");
  ASSERT_TRUE(push->Connect(at).ok());
  EXPECT_NE(Await(push.get(), SocketEvent::Kind::kReady).peer_info, nullptr);
  push.reset();
  EXPECT_TRUE(RunUntil([&] { return told.size() == 4; }));
  EXPECT_THAT(told, ElementsAre("listening", "accepted", "ready", "closed"));
}

// An option that makes no sense is refused with a sentence, which every operation repeats.
TEST_F(SocketTest, AHandleThatWasMovedFromSaysSo) {
  auto& taken = Make(SocketType::kPull);
  const Socket pull = std::move(*taken);
  EXPECT_TRUE(pull.status().ok());
  Message message("kept");
  const absl::Status why = taken->status();
  EXPECT_TRUE(absl::IsFailedPrecondition(why)) << why;
  EXPECT_THAT(std::string(why.message()), HasSubstr("no socket here"));
  EXPECT_EQ(taken->Bind("tcp://127.0.0.1:*").status(), why);
  EXPECT_EQ(taken->Connect("tcp://127.0.0.1:1"), why);
  EXPECT_EQ(taken->Send(&message), why);
  EXPECT_EQ(message.text(), "kept");
  EXPECT_FALSE(taken->TryReceive(&message));
  EXPECT_EQ(taken->stats().messages_sent, 0u);
  taken->OnMessage([](const Message&) {});
  taken->OnWritable([] {});
  taken->OnEvent([](const SocketEvent&) {});
  taken->Pause();
  taken->Resume();
  taken->Flush();
  taken->Close();
}

TEST_F(SocketTest, ASocketThatCannotBeMadeSaysWhy) {
  SocketOptions options;
  options.routing_id = std::string(300, 'i');
  Socket bad(loop(), SocketType::kDealer, options);
  EXPECT_FALSE(bad.status().ok());
  EXPECT_NE(bad.status().message(), "");
  Message message("x");
  for (const absl::Status& status :
       {bad.Bind("ipc://*").status(), bad.Connect("ipc://@x"), bad.Send(&message),
        bad.Subscribe(""), bad.Join("g"), bad.Unbind("ipc://@x")}) {
    EXPECT_EQ(status, bad.status());
  }
  EXPECT_EQ(message.text(), "x");
  EXPECT_FALSE(bad.TryReceive(&message));
  bad.Pause();
  bad.Resume();
  bad.Flush();
  bad.Close();
  EXPECT_TRUE(loop_->RunOut());
}

// Nothing can be thrown through libuv.
TEST_F(SocketTest, AnExceptionEndsTheProcess) {
  auto& pull = Make(SocketType::kPull);
  pull->OnEvent([](const SocketEvent&) { throw std::string("from a callback"); });
  ASSERT_TRUE(pull->Bind("ipc://@monocoque-uv-throws").ok());
  EXPECT_DEATH(loop_->RunOut(), "terminate called");
  pull->OnEvent(nullptr);
}

// P-3: who is asked decides; asking is a callback like the others, which may destroy the socket.
TEST_F(SocketTest, AnAuthenticatorDecides) {
  SocketOptions ask;
  ask.link.mechanism = PlainServer{};
  const auto named = [](const char* name) {
    SocketOptions options = Eager();
    options.link.mechanism = PlainClient{.username = name, .password = "x"};
    return options;
  };
  auto& pull = Make(SocketType::kPull, ask);
  pull->SetAuthenticator(AuthenticateBy([](const AuthRequest& request) {
    return AuthVerdict{.status = request.username == "ada" ? AuthStatus::kAccepted
                                                           : AuthStatus::kRefused};
  }));
  const std::string bound = *pull->Bind("tcp://127.0.0.1:*");
  auto& stranger = Make(SocketType::kPush, named("bob"));
  ASSERT_TRUE(stranger->Connect(bound).ok());
  EXPECT_EQ(CauseOf(Await(stranger.get(), SocketEvent::Kind::kClosed).status),
            Cause::kPeerRejectedUs);
  auto& friendly = Make(SocketType::kPush, named("ada"));
  ASSERT_TRUE(friendly->Connect(bound).ok());
  Send(friendly.get(), "let in");
  EXPECT_EQ(Receive(pull.get()), "let in");
  pull->SetAuthenticator(AuthenticateBy([&pull](const AuthRequest&) {
    pull.reset();
    return AuthVerdict{.status = AuthStatus::kAccepted};
  }));
  auto& last = Make(SocketType::kPush, named("ada"));
  ASSERT_TRUE(last->Connect(bound).ok());
  EXPECT_TRUE(RunUntil([&] { return pull == nullptr; }));
}

// "Again: with a new linger time, and each `done` comes."
TEST_F(SocketTest, ASecondCloseHasANewLingerTime) {
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(Abstract("nobody-listens")).ok());
  Send(push.get(), "lost");
  int done = 0;
  push->Close(absl::InfiniteDuration(), [&](const absl::Status&) { ++done; });
  push->Close(absl::ZeroDuration(), [&](const absl::Status&) { ++done; });
  loop_->RunFor(absl::Milliseconds(500));
  EXPECT_EQ(done, 2);
}

// Each `done` tells of what was lost.
TEST_F(SocketTest, ASecondCloseTellsOfWhatWasLost) {
  auto& push = Make(SocketType::kPush);
  ASSERT_TRUE(push->Connect(Abstract("nobody-listens")).ok());
  Send(push.get(), "lost");
  std::vector<absl::Status> told;
  for (int i = 0; i < 2; ++i) {
    push->Close(absl::ZeroDuration(), [&](const absl::Status& status) { told.push_back(status); });
  }
  ASSERT_TRUE(RunUntil([&] { return told.size() == 2; }));
  for (const absl::Status& status : told) EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

// Whom a listener closes because it cannot serve him, it tells of.
TEST_F(SocketTest, AnAcceptedPeerThatCannotBeServedIsTold) {
  SocketOptions poor;
  poor.link.budget_bytes = 16;
  auto& pull = Make(SocketType::kPull, poor);
  const auto at = pull->Bind("tcp://127.0.0.1:*");
  ASSERT_TRUE(at.ok()) << at.status();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(Make(SocketType::kPush)->Connect(*at).ok());
  const SocketEvent event = Await(pull.get(), SocketEvent::Kind::kAcceptFailed);
  EXPECT_THAT(event.status.message(), ::testing::HasSubstr("memory"));
}

}  // namespace
}  // namespace monocoque::uv
