// A budget that is spent: what was refused memory is tried again by itself, and one message each
// way always gets on.
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "alloc/budget.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::TestHost;
using ::testing::ElementsAre;
using enum SocketType;

// One long frame without MORE.
std::string Frame(std::string_view body) {
  std::string octets = "\x02";
  for (int shift = 56; shift >= 0; shift -= 8) {
    octets += static_cast<char>(body.size() >> shift & 0xff);
  }
  return octets.append(body);
}

// A socket whose links are read by windows, and a budget above it that can be spent.
class Tight {
 public:
  explicit Tight(SocketType type, const SocketOptions& options = {})
      : budget(Budget::Create(Budget::kUnlimited)),
        host_(Host(budget)),
        socket(*Socket::Create(type, options, host_)),
        now(host_.now) {
    listener_ = *socket.Bind(*ParseEndpoint("sim://here"), now);
    Turn();
  }

  LinkId Accept(std::string_view peer_type) {
    const LinkId link = *socket.OnAccepted(listener_, {"sim", "sim"}, now);
    EXPECT_EQ(Say(link, PeerGreeting() + PeerReady(peer_type)), "");
    return link;
  }
  // What the socket had no memory to read is left over.
  std::string Say(LinkId link, std::string octets) {
    while (!octets.empty()) {
      Turn();
      absl::StatusOr<ReadWindow> window = socket.PrepareRead(link);
      if (!window.ok()) break;
      const std::size_t count = std::min(window->span().size(), octets.size());
      std::ranges::copy(AsBytes(octets).first(count), window->span().begin());
      socket.CommitRead(link, *std::move(window), count, now);
      octets.erase(0, count);
    }
    Turn();
    return octets;
  }
  // Nothing more is charged until it is Plenty.
  void Spend() { budget->set_limit(budget->used()); }
  void Plenty() { budget->set_limit(Budget::kUnlimited); }
  // To the next deadline; false: there is none soon.
  bool Wait() {
    if (socket.NextDeadline() > now + absl::Seconds(1)) return false;
    now = std::max(now, socket.NextDeadline());
    socket.HandleTimeout(now);
    Turn();
    return true;
  }
  void Turn() {
    socket.Process(1000, now);
    for (Action action; socket.NextAction(&action);) {
      if (const auto* read = std::get_if<action::Read>(&action)) {
        reading[read->link] = read->hint.mode;
      }
    }
    LinkId link;
    while (!stalled && socket.NextTransmitLink(&link)) {
      TransmitBatch batch;
      if (!socket.FillTransmit(link, &batch, 1 << 20)) continue;
      written += batch.remaining();
      const std::size_t total = batch.remaining();
      socket.ReturnBatch(link, std::move(batch), total, absl::OkStatus(), now);
    }
  }

 private:
  static monocoque::Host Host(const BudgetPtr& budget) {
    monocoque::Host host = TestHost();
    host.budget = budget;
    return host;
  }

 public:
  const BudgetPtr budget;

 private:
  const monocoque::Host host_;
  ListenerId listener_;

 public:
  Socket socket;
  Instant now;
  std::map<LinkId, ReadMode> reading;  // as the last Read action said
  bool stalled = false;                // nothing is written
  std::size_t written = 0;
};

// A window that was refused: reading pauses, and goes on when the memory is back, with no other
// call to wake it.
TEST(MemoryTest, AReadThatWasRefusedGoesOnByItself) {
  Tight tight(kPull);
  const LinkId one = tight.Accept("PUSH");
  const LinkId two = tight.Accept("PUSH");
  tight.Spend();
  const std::string frame = Frame(std::string(300, 'x'));
  // In the middle of a message, with what is set aside for one.
  EXPECT_EQ(tight.Say(one, frame.substr(0, 100)), "");
  const std::string rest = tight.Say(two, frame);
  EXPECT_GT(rest.size(), frame.size() - 100);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(tight.reading[two], ReadMode::kPaused);
    EXPECT_EQ(tight.socket.read_hint(two).mode, ReadMode::kPaused);
    const Instant before = tight.now;
    ASSERT_TRUE(tight.Wait());
    EXPECT_LE(tight.now - before, absl::Milliseconds(20));
    EXPECT_EQ(tight.reading[two], ReadMode::kAny);
    if (i < 2) {
      EXPECT_EQ(tight.Say(two, rest), rest);
    }
  }
  tight.Plenty();
  EXPECT_EQ(tight.Say(two, rest), "");
  Message message;
  EXPECT_TRUE(tight.socket.Receive(&message, nullptr, tight.now));
  EXPECT_EQ(message.size(), 300u);
}

// A message that was refused: nobody waits for a call that does not come.
TEST(MemoryTest, ASendThatWasRefusedGoesOnByItself) {
  Tight tight(kPush);
  tight.Accept("PULL");
  tight.Spend();
  tight.stalled = true;
  const auto send = [&] {
    Message message(std::string(1000, 'x'));
    return tight.socket.Send(&message, tight.now);
  };
  // The first has what is set aside, and others go with it as far as its slab has room.
  int sent = 0;
  for (; sent < 1000 && send().ok(); ++sent) {
  }
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 100);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(tight.socket.CanSend());
    EXPECT_EQ(send().code(), absl::StatusCode::kUnavailable);
    const Instant before = tight.now;
    ASSERT_TRUE(tight.Wait());
    EXPECT_LE(tight.now - before, absl::Milliseconds(20));
    EXPECT_TRUE(tight.socket.CanSend());
    PeerId peer;
    EXPECT_TRUE(tight.socket.NextWritable(&peer));
    if (i < 2) {
      EXPECT_EQ(send().code(), absl::StatusCode::kUnavailable);
    }
  }
  tight.Plenty();
  EXPECT_TRUE(send().ok());
}

// What is copied of a borrowed body is charged: the second of two is refused and nothing of it is
// kept, in the slab, in one of its own or in a block; once there is memory it goes as it is.
TEST(MemoryTest, ABorrowedBodyIsCharged) {
  for (const std::size_t size : {std::size_t{60'000}, std::size_t{65'536}, std::size_t{200'000}}) {
    Tight tight(kPush);
    tight.Accept("PULL");
    tight.stalled = true;
    const std::string text(size, 'x');
    Message message = Message::Borrow(text);
    const std::int64_t idle = tight.budget->used();
    EXPECT_TRUE(tight.socket.Send(&message, tight.now).ok());
    EXPECT_GE(tight.budget->used() - idle, static_cast<std::int64_t>(size));
    tight.Spend();
    // What is set aside, and what finds room beside the first.
    int sent = 0;
    do {
      message = Message::Borrow(text);
    } while (tight.socket.Send(&message, tight.now).ok() && ++sent < 10);
    EXPECT_LE(sent, 1) << size;
    EXPECT_EQ(message.bytes().data(), AsBytes(text).data()) << "untouched";
    tight.written = 0;
    tight.stalled = false;
    tight.Turn();
    const std::size_t frame_bytes = size + 9;
    EXPECT_EQ(tight.written, (1 + static_cast<std::size_t>(sent)) * frame_bytes);
    tight.Plenty();
    while (!tight.socket.CanSend()) ASSERT_TRUE(tight.Wait());
    EXPECT_TRUE(tight.socket.Send(&message, tight.now).ok());
    tight.Turn();
    EXPECT_EQ(tight.written, (2 + static_cast<std::size_t>(sent)) * frame_bytes);
  }
}

// What waited for a link goes to it once there is memory.
TEST(MemoryTest, AQueueGoesOnByItself) {
  Tight tight(kPush, {.send_mark = {.messages = 0, .bytes = 0}});
  const DialerId dialer = *tight.socket.Connect(*ParseEndpoint("sim://there"), tight.now);
  std::optional<LinkId> dialed;
  for (Action action; tight.socket.NextAction(&action);) {
    if (const auto* dial = std::get_if<action::Dial>(&action)) dialed = dial->link;
  }
  ASSERT_TRUE(dialed);
  constexpr std::size_t kMessages = 200;
  for (std::size_t i = 0; i < kMessages; ++i) {
    Message message(std::string(1000, 'x'));
    ASSERT_TRUE(tight.socket.SendTo(tight.socket.peer(dialer), &message, tight.now).ok());
  }
  tight.socket.OnDialed(*dialed, {"sim", "sim"}, tight.now);
  ASSERT_EQ(tight.Say(*dialed, PeerGreeting()), "");
  tight.Spend();
  tight.stalled = true;
  ASSERT_EQ(tight.Say(*dialed, PeerReady("PULL")), "");
  EXPECT_LT(tight.socket.pending_bytes(), kMessages * 1000);
  tight.Plenty();
  const std::size_t before = tight.written;
  ASSERT_TRUE(tight.Wait());
  tight.stalled = false;
  tight.Turn();
  EXPECT_GE(tight.written - before, kMessages * 1000);
}

// Two messages, each larger than the budget, come piece by piece and at once: one after the other
// they get through.
TEST(MemoryTest, MessagesLargerThanTheBudget) {
  Tight tight(kPull, {.budget_bytes = 100'000});
  std::map<LinkId, std::string> left;
  for (int i = 0; i < 2; ++i) {
    left[tight.Accept("PUSH")] = Frame(std::string(3'000'000, static_cast<char>('a' + i)));
  }
  std::size_t received = 0;
  for (int i = 0; i < 5000 && received < 2; ++i) {
    bool moved = false;
    for (auto& [link, octets] : left) {
      const std::string piece = octets.substr(0, 10'000);
      const std::string refused = tight.Say(link, piece);
      octets.erase(0, piece.size() - refused.size());
      moved = moved || refused.size() < piece.size();
    }
    for (Message message; tight.socket.Receive(&message, nullptr, tight.now); ++received) {
      EXPECT_EQ(message.size(), 3'000'000u);
    }
    if (!moved) tight.Wait();
  }
  EXPECT_EQ(received, 2u);
}

// What is set aside is for one message: an application that keeps it gets no more than its budget
// beside it.
TEST(MemoryTest, OneMessageAtATime) {
  Tight tight(kPull, {.budget_bytes = 100'000});
  const std::string frame = Frame(std::string(3'000'000, 'x'));
  const LinkId one = tight.Accept("PUSH");
  const LinkId two = tight.Accept("PUSH");
  std::string left_of_one = frame, left_of_two = frame;
  const auto arrives = [&](LinkId link, std::string* left, Message* out) {
    for (int i = 0; i < 100; ++i) {
      *left = tight.Say(link, *left);
      if (tight.socket.Receive(out, nullptr, tight.now)) return true;
      tight.Wait();
    }
    return false;
  };
  Message first, second;
  ASSERT_TRUE(arrives(one, &left_of_one, &first));
  EXPECT_FALSE(arrives(two, &left_of_two, &second));
  first.Clear();
  EXPECT_TRUE(arrives(two, &left_of_two, &second));
}

// What is lent holds no more than the message it is lent for: the beginning of the next one would
// keep it from everybody, from its own link, too.
TEST(MemoryTest, TheNextMessageBeginsElsewhere) {
  for (const std::size_t size : {3u, 100u, 1000u, 40'000u}) {
    for (const std::size_t piece : {std::size_t{7}, std::size_t{50}, std::size_t{100'000}}) {
      Tight tight(kPull);
      std::map<LinkId, std::string> left;
      for (int i = 0; i < 2; ++i) left[tight.Accept("PUSH")];
      tight.Spend();
      const std::string message = "\x01\x02no" + Frame(std::string(size, 'x'));
      for (auto& [link, octets] : left) {
        for (int i = 0; i < 5; ++i) octets += message;
      }
      std::size_t received = 0;
      for (int i = 0; i < 100'000 && received < 10; ++i) {
        bool moved = false;
        for (auto& [link, octets] : left) {
          const std::string next = octets.substr(0, piece);
          const std::string refused = tight.Say(link, next);
          octets.erase(0, next.size() - refused.size());
          moved = moved || refused.size() < next.size();
        }
        for (Message got; tight.socket.Receive(&got, nullptr, tight.now); ++received) {
          EXPECT_EQ(got.part_count(), 2u);
        }
        if (!moved) tight.Wait();
      }
      EXPECT_EQ(received, 10u) << size << " in pieces of " << piece;
    }
  }
}

// A link whose peer has nothing to say waits with a window of its own, not with what is set aside.
TEST(MemoryTest, WhoWaitsForAMessageKeepsNobodyFromOne) {
  Tight tight(kPull);
  const LinkId idle = tight.Accept("PUSH");
  const LinkId other = tight.Accept("PUSH");
  tight.Spend();
  absl::StatusOr<ReadWindow> waits = tight.socket.PrepareRead(idle);
  ASSERT_TRUE(waits.ok());
  const std::string frame = Frame(std::string(300, 'x'));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(tight.Say(other, frame), "");
    Message message;
    EXPECT_TRUE(tight.socket.Receive(&message, nullptr, tight.now));
  }
  // What comes is taken, and goes on when the memory is there.
  const std::size_t size = waits->span().size();
  ASSERT_LT(size, frame.size());
  std::ranges::copy(AsBytes(frame).first(size), waits->span().begin());
  tight.socket.CommitRead(idle, *std::move(waits), size, tight.now);
  std::string rest = tight.Say(idle, frame.substr(size));
  if (!rest.empty()) {
    ASSERT_TRUE(tight.Wait());
    rest = tight.Say(idle, rest);
  }
  EXPECT_EQ(rest, "");
  Message message;
  EXPECT_TRUE(tight.socket.Receive(&message, nullptr, tight.now));
}

// Who has it and goes leaves it to the next.
TEST(MemoryTest, ALinkThatEndsGivesItBack) {
  Tight tight(kPull);
  const LinkId one = tight.Accept("PUSH");
  const LinkId two = tight.Accept("PUSH");
  tight.Spend();
  const std::string frame = Frame(std::string(300, 'x'));
  EXPECT_EQ(tight.Say(one, frame.substr(0, 100)), "");
  const std::string rest = tight.Say(two, frame);
  EXPECT_NE(rest, "");
  tight.socket.OnTransportClosed(one, absl::OkStatus(), tight.now);
  tight.Turn();
  ASSERT_TRUE(tight.Wait());
  EXPECT_EQ(tight.Say(two, rest), "");
  Message message;
  EXPECT_TRUE(tight.socket.Receive(&message, nullptr, tight.now));
}

// A request that fills the budget can be answered while it is kept, with itself even.
TEST(MemoryTest, AnAnswerFitsBesideItsRequest) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{60'000}}) {
    Tight tight(kDealer);
    const LinkId link = tight.Accept("DEALER");
    EXPECT_EQ(tight.Say(link, Frame(std::string(size, 'x'))), "");
    Message request;
    ASSERT_TRUE(tight.socket.Receive(&request, nullptr, tight.now));
    tight.Spend();
    const std::size_t before = tight.written;
    for (int i = 0; i < 3; ++i) {
      Message answer = request;
      EXPECT_TRUE(tight.socket.Send(&answer, tight.now).ok());
      tight.Turn();
    }
    EXPECT_GE(tight.written - before, 3 * size);
  }
}

// What a dead link left keeps no memory from the next one, although it filled the budget, and what
// is set aside.
TEST(MemoryTest, WhatADeadLinkLeftGoesOn) {
  for (const std::size_t bytes : {std::size_t{100}, std::size_t{1000}, std::size_t{20'000}}) {
    SCOPED_TRACE(bytes);
    Net net;
    Socket& pull = net.Make(kPull);
    net.Bind(pull, "a");
    Socket& push = net.Make(
        kPush, {.send_mark = {.messages = 0, .bytes = 1024 * 1024}, .budget_bytes = 64 * 1024});
    net.Run();
    net.Connect(push, "a");
    net.Run();
    // Behind so much the link fills whole slabs, of which the budget has one.
    const std::string burst(9000, 'x');
    ASSERT_TRUE(net.Send(push, Message::Borrow(burst)).ok());
    EXPECT_EQ(net.Received(pull).size(), 1u);
    const std::string text(bytes, 'x');
    std::size_t sent = 0;
    std::size_t received = 0;
    // The handshake passes, and nothing more.
    net.HoldBatches(true, 99);
    for (int dead = 0; dead < 4; ++dead) {
      for (; net.Send(push, Message::Borrow(text)).ok(); ++sent) net.Run();
      net.HoldBatches(false);
      net.Run();
      net.HoldBatches(true, 99);
      net.Advance(absl::Seconds(1));
    }
    EXPECT_GT(sent, 1u);
    net.HoldBatches(false);
    for (int i = 0; i < 200; ++i) {
      received += net.Received(pull).size();
      net.Advance(absl::Milliseconds(20));
    }
    EXPECT_EQ(received, sent);
    EXPECT_EQ(push.ready_peers(), 1u);
  }
}

// REP: no reply is taken for want of memory, and CanSend says so, until there is some.
TEST(MemoryTest, AReplyThatWasRefusedIsWaitedFor) {
  Tight tight(kRep);
  const LinkId link = tight.Accept("DEALER");
  const std::string text(100'000, 'x');
  const std::string request("\x01\0\0\x01q", 5);
  EXPECT_EQ(tight.Say(link, request + request), "");
  Message question;
  ASSERT_TRUE(tight.socket.Receive(&question, nullptr, tight.now));
  ASSERT_TRUE(tight.socket.CanSend());
  tight.stalled = true;
  Message first("first");
  ASSERT_TRUE(tight.socket.Send(&first, tight.now).ok());
  tight.Turn();
  ASSERT_TRUE(tight.socket.Receive(&question, nullptr, tight.now));
  tight.Spend();
  Message borrowed = Message::Borrow(text);
  EXPECT_EQ(tight.socket.Send(&borrowed, tight.now).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(tight.socket.CanSend());
  tight.Plenty();
  ASSERT_TRUE(tight.Wait());
  PeerId peer;
  EXPECT_TRUE(tight.socket.NextWritable(&peer));
  EXPECT_TRUE(tight.socket.CanSend());
  EXPECT_TRUE(tight.socket.Send(&borrowed, tight.now).ok());
  EXPECT_FALSE(tight.socket.CanSend());
}

// The envelope of a reply is as large as its peer made it: it is charged, as a body is.
TEST(MemoryTest, AnEnvelopeIsCharged) {
  Tight tight(kRep);
  const LinkId link = tight.Accept("DEALER");
  tight.stalled = true;
  std::string hop = Frame(std::string(1 << 20, 'e'));
  hop[0] = 3;  // with MORE
  ASSERT_EQ(tight.Say(link, hop + std::string("\1\0\0\1q", 5)), "");
  Message request;
  ASSERT_TRUE(tight.socket.Receive(&request, nullptr, tight.now));
  request.Clear();
  Message reply("a");
  ASSERT_TRUE(tight.socket.Send(&reply, tight.now).ok());
  EXPECT_GE(tight.budget->used(), 1 << 20);
}

// What comes in small pieces, and was copied together, is charged as well: many links hold no more
// of it than the budget.
TEST(MemoryTest, WhatWasCopiedTogetherIsCharged) {
  constexpr std::int64_t kBudget = 400 * 1024;
  Tight tight(kPull, {.budget_bytes = kBudget});
  std::vector<LinkId> links;
  for (int i = 0; i < 40; ++i) links.push_back(tight.Accept("PUSH"));
  const std::string frame = Frame(std::string(200, 'x'));
  std::int64_t stored = 0;
  for (const LinkId link : links) {
    for (int i = 0; i < 75 && tight.Say(link, frame).empty(); ++i) stored += 200;
  }
  EXPECT_LE(stored, kBudget);
  EXPECT_GT(stored, kBudget / 8) << "and it is of use";
  EXPECT_GE(tight.budget->used(), stored);
  Message message;
  while (tight.socket.Receive(&message, nullptr, tight.now)) {
  }
  message.Clear();
  tight.Turn();
  EXPECT_LE(tight.budget->used(), 64 * 1024);
}

// The same where octets are donated and only what is gathered, or opened, is charged.
TEST(MemoryTest, GatheredAndOpened) {
  for (const bool encrypted : {false, true}) {
    SocketOptions from, to;
    if (encrypted) {
      from.link.mechanism = testing::TestCurveClient();
      to.link.mechanism = testing::TestCurveServer();
    }
    to.budget_bytes = 200'000;
    Net net;
    Socket& pull = net.Make(kPull, to);
    net.Bind(pull, "a");
    Socket& push = net.Make(kPush, from);
    net.Connect(push, "a");
    net.Run();
    const std::string large(3'000'000, 'x');
    ASSERT_TRUE(net.Send(push, Message("before")).ok());
    ASSERT_TRUE(net.Send(push, Message(large)).ok());
    ASSERT_TRUE(net.Send(push, Message("after")).ok());
    std::vector<std::string> got;
    for (int i = 0; i < 100 && got.size() < 3; ++i) {
      for (std::string& text : net.Received(pull)) got.push_back(std::move(text));
      net.Advance(absl::Milliseconds(10));
    }
    ASSERT_EQ(got.size(), 3u) << encrypted;
    EXPECT_EQ(got[0], "before");
    EXPECT_TRUE(got[1] == large);
    EXPECT_EQ(got[2], "after");
  }
}

}  // namespace
}  // namespace monocoque
