// STREAM (T-4): raw octets with peers that speak no ZMTP, through the same face as all sockets.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/security.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Net;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum SocketType;

Message To(std::string_view id, std::string_view text) {
  Message message(text);
  message.set_to(id);
  return message;
}

// What a socket receives: "1:text", where the first id that shows is 1, and so on.
class Reader {
 public:
  std::vector<std::string> All(Socket& socket, Instant now) {
    std::vector<std::string> all;
    for (Message message; socket.Receive(&message, nullptr, now);) {
      const std::string id(AsText(message.routing_id()));
      if (!numbers_.contains(id)) {
        numbers_[id] = ids_.size() + 1;
        ids_.push_back(id);
      }
      all.push_back(absl::StrCat(numbers_[id], ":", message.text()));
    }
    return all;
  }
  const std::string& id(std::size_t number) const { return ids_[number - 1]; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> ids_;
};

// T-4: no greeting and no frames either way; each peer under an id of five octets led by zero;
// empty messages say who comes and who is gone, around all that it said.
TEST(StreamTest, OctetsAsTheyAre) {
  Wires wires(kStream);
  Reader reader;
  const LinkId one = wires.Come("");
  EXPECT_EQ(wires.Told(one), "");
  EXPECT_THAT(reader.All(wires.socket, wires.now), ElementsAre("1:"));
  EXPECT_EQ(reader.id(1).size(), 5u);
  EXPECT_EQ(reader.id(1)[0], '\0');
  wires.Say(one, "GET / HTTP/1.0\r\n\r\n");
  const LinkId two = wires.Come(std::string("\xff\0\x7f", 3));
  EXPECT_THAT(reader.All(wires.socket, wires.now),
              ElementsAre("2:", "1:GET / HTTP/1.0\r\n\r\n",
                          absl::StrCat("2:", std::string("\xff\0\x7f", 3))));
  EXPECT_TRUE(wires.Send(To(reader.id(2), "for two")).ok());
  EXPECT_TRUE(wires.Send(To(reader.id(1), "for one")).ok());
  EXPECT_EQ(wires.Told(one), ToHex("for one"));
  EXPECT_EQ(wires.Told(two), ToHex("for two"));
  wires.Say(one, "last words");
  wires.HangUp(one);
  EXPECT_THAT(reader.All(wires.socket, wires.now), ElementsAre("1:last words", "1:"));
  EXPECT_EQ(wires.socket.ready_peers(), 1u);
  EXPECT_EQ(wires.Send(To(reader.id(1), "nobody")).code(), absl::StatusCode::kNotFound);
}

// A message received goes back as a reply; one of large pieces shares what it came in.
TEST(StreamTest, Echo) {
  Wires wires(kStream, {.stream_notify = false});
  const LinkId link = wires.Come("");
  const std::string large(100'000, 'x');
  for (const std::string& text :
       {std::string("a"), std::string(75, 'b'), std::string(76, 'c'), large}) {
    wires.Say(link, text);
    Message message;
    PeerId from;
    ASSERT_TRUE(wires.socket.Receive(&message, &from, wires.now));
    EXPECT_EQ(message.text(), text);
    EXPECT_EQ(wires.socket.FindPeer(message.routing_id()), from);
    EXPECT_EQ(AsText(wires.socket.routing_id(from)), AsText(message.routing_id()));
    ASSERT_TRUE(wires.socket.Send(&message, wires.now).ok());
    EXPECT_EQ(wires.Told(link), ToHex(text));
  }
}

// STREAM_NOTIFY off: data alone.
TEST(StreamTest, SilentAboutComingAndGoing) {
  Wires wires(kStream, {.stream_notify = false});
  Reader reader;
  const LinkId link = wires.Come("data");
  wires.HangUp(link);
  EXPECT_THAT(reader.All(wires.socket, wires.now), ElementsAre("1:data"));
}

// T-4: an empty message ends the link, once what went before is written; nobody is told of what we
// do ourselves.
TEST(StreamTest, AnEmptyMessageCloses) {
  Wires wires(kStream);
  Reader reader;
  const LinkId link = wires.Come("");
  reader.All(wires.socket, wires.now);
  wires.Stall(true);
  EXPECT_TRUE(wires.Send(To(reader.id(1), "answer")).ok());
  EXPECT_TRUE(wires.Send(To(reader.id(1), "")).ok());
  wires.Turn();
  EXPECT_FALSE(wires.closed(link));
  EXPECT_EQ(wires.Send(To(reader.id(1), "late")).code(), absl::StatusCode::kNotFound);
  wires.Say(link, "too late");
  wires.Stall(false);
  EXPECT_EQ(wires.Told(link), ToHex("answer"));
  wires.Turn();
  EXPECT_TRUE(wires.closed(link));
  EXPECT_THAT(reader.All(wires.socket, wires.now), IsEmpty());
}

// So does one by SendTo; and a peer that is gone is not found.
TEST(StreamTest, SendToThisIncarnation) {
  Wires wires(kStream);
  Message message;
  PeerId peer;
  const LinkId link = wires.Come("");
  ASSERT_TRUE(wires.socket.Receive(&message, &peer, wires.now));
  message = Message("direct");
  EXPECT_TRUE(wires.socket.SendTo(peer, &message, wires.now).ok());
  EXPECT_EQ(wires.Told(link), ToHex("direct"));
  EXPECT_TRUE(message.text().empty());
  EXPECT_TRUE(wires.socket.SendTo(peer, &message, wires.now).ok());
  EXPECT_EQ(wires.Told(link), "");
  EXPECT_TRUE(wires.closed(link));
  wires.HangUp(link);
  message = Message("gone");
  EXPECT_EQ(wires.socket.SendTo(peer, &message, wires.now).code(), absl::StatusCode::kNotFound);
}

TEST(StreamTest, SendingNeedsADestination) {
  Wires wires(kStream);
  EXPECT_TRUE(wires.socket.CanSend());
  const absl::Status status = wires.Send(Message("to nobody"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("call set_to first"));
  EXPECT_EQ(wires.Send(To("unknown", "x")).code(), absl::StatusCode::kNotFound);
}

// Several parts go out behind each other; parts without an octet are no empty message.
TEST(StreamTest, PartsGoOutBehindEachOther) {
  Wires wires(kStream);
  Reader reader;
  const LinkId link = wires.Come("");
  reader.All(wires.socket, wires.now);
  const std::string large(100'000, 'x');
  Message parts({"head|", "", large, "|tail"});
  parts.set_to(reader.id(1));
  EXPECT_TRUE(wires.Send(std::move(parts)).ok());
  EXPECT_EQ(wires.Told(link), ToHex("head|" + large + "|tail"));
  Message nothing({"", ""});
  nothing.set_to(reader.id(1));
  EXPECT_TRUE(wires.Send(std::move(nothing)).ok());
  EXPECT_EQ(wires.Told(link), "");
  EXPECT_FALSE(wires.closed(link));
}

// ALL-5: by turns, piece by piece.
TEST(StreamTest, FairOverPeers) {
  Wires wires(kStream, {.stream_notify = false});
  Reader reader;
  const LinkId one = wires.Come("a");
  const LinkId two = wires.Come("x");
  wires.Say(one, "b");
  wires.Say(two, "y");
  std::vector<std::string> got = reader.All(wires.socket, wires.now);
  ASSERT_GE(got.size(), 2u);
  EXPECT_NE(got[0][0], got[1][0]);
}

// ALL-1: a dialer's peer has its id from Connect on, a name of ours or a generated one, and keeps
// it over its links; what is sent meanwhile waits.
TEST(StreamTest, DialedPeersKeepTheirId) {
  for (const std::string& name : {std::string(), std::string("server")}) {
    Net net;
    Socket& client = net.Make(kStream);
    const DialerId dialer = net.Connect(client, "a", {.connect_routing_id = name});
    const std::string id(AsText(client.routing_id(client.peer(dialer))));
    EXPECT_EQ(id.size(), name.empty() ? 5u : name.size());
    ASSERT_TRUE(net.Send(client, To(id, "early")).ok());
    Socket& server = net.Make(kStream);
    net.Bind(server, "a");
    net.Run();
    net.Advance(absl::Seconds(1));
    Reader there, here;
    EXPECT_THAT(there.All(server, net.now), ElementsAre("1:", "1:early"));
    ASSERT_TRUE(net.Send(server, To(there.id(1), "answer")).ok());
    net.Run();
    EXPECT_THAT(here.All(client, net.now), ElementsAre("1:", "1:answer"));
    EXPECT_EQ(here.id(1), id);
    net.CutAll();
    net.Run();
    EXPECT_THAT(here.All(client, net.now), ElementsAre("1:"));
    ASSERT_TRUE(net.Send(client, To(id, "between")).ok());
    net.Advance(absl::Seconds(2));
    EXPECT_THAT(here.All(client, net.now), ElementsAre("1:"));
    EXPECT_THAT(there.All(server, net.now), ElementsAre("1:", "2:", "2:between"));
  }
}

TEST(StreamTest, TwoDialersHaveTwoNames) {
  Net net;
  Socket& client = net.Make(kStream);
  net.Connect(client, "a", {.connect_routing_id = "name"});
  const auto twice =
      client.Connect(*ParseEndpoint("sim://b"), {.connect_routing_id = "name"}, net.now);
  EXPECT_EQ(twice.status().code(), absl::StatusCode::kAlreadyExists);
}

// An empty message to who was dialed ends the dialer too, whether it has a link or not.
TEST(StreamTest, AnEmptyMessageEndsADialer) {
  for (const bool linked : {true, false}) {
    Net net;
    Socket& client = net.Make(kStream);
    const DialerId dialer = net.Connect(client, "a");
    const std::string id(AsText(client.routing_id(client.peer(dialer))));
    Socket& server = net.Make(kStream);
    if (linked) net.Bind(server, "a");
    net.Run();
    net.Advance(absl::Seconds(1));
    ASSERT_TRUE(net.Send(client, To(id, "")).ok());
    net.Advance(absl::Seconds(10));
    EXPECT_EQ(net.wires(), 0u);
    EXPECT_EQ(client.peer(dialer), PeerId());
    EXPECT_EQ(net.Send(client, To(id, "x")).code(), absl::StatusCode::kNotFound);
    Reader reader;
    const std::vector<std::string> told = reader.All(server, net.now);
    EXPECT_EQ(told.size(), linked ? 2u : 0u);
  }
}

// What had not begun when a link was cut goes to the dialer's next link, message by message though
// the wire has no frames; what was cut is lost once and counted.
TEST(StreamTest, WhatHadNotBegunGoesToTheNextLink) {
  const std::string large(5000, 'L');
  for (const std::size_t cut : {0u, 1u, 3u, 5u, 6u, 9u, 10u, 5005u, 5009u, 5012u}) {
    Net net;
    Socket& server = net.Make(kStream, {.stream_notify = false});
    net.Bind(server, "a");
    Socket& client = net.Make(kStream, {.stream_notify = false});
    const DialerId dialer = net.Connect(client, "a");
    net.Run();
    const std::string id(AsText(client.routing_id(client.peer(dialer))));
    net.CutAfter(cut);
    const std::vector<std::string> sent = {"first", "two", "3", large, "last"};
    for (const std::string& text : sent) ASSERT_TRUE(net.Send(client, To(id, text)).ok());
    net.Run();
    net.Advance(absl::Seconds(2));
    std::string got;
    for (Message message; server.Receive(&message, nullptr, net.now);) got += message.text();
    std::string expected;
    std::size_t at = 0;
    std::uint64_t lost = 0;
    std::string before, after;
    for (const std::string& text : sent) {
      if (at + text.size() <= cut) {
        before += text;
      } else if (at < cut) {
        before += text.substr(0, cut - at);
        ++lost;
      } else {
        after += text;
      }
      at += text.size();
    }
    EXPECT_TRUE(got == before + after) << cut << ": " << got.size() << " octets";
    EXPECT_EQ(client.stats().lost, lost) << cut;
  }
}

// What is received waits within the mark: reading pauses, and goes on when half of it was taken.
TEST(StreamTest, TheReceiveMarkPausesReading) {
  Wires wires(kStream, {.receive_mark = {.messages = 0, .bytes = 1000}, .stream_notify = false});
  const LinkId link = wires.Come(std::string(600, 'a'));
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
  wires.Say(link, std::string(600, 'b'));
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kPaused);
  EXPECT_FALSE(wires.socket.PrepareRead(link).ok());
  EXPECT_EQ(wires.Received().size(), 2u);
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
}

// A mark of messages counts pieces, and nothing is stuck when there are fewer of them than there
// were.
TEST(StreamTest, PiecesCountAsMessages) {
  Wires wires(kStream, {.receive_mark = {.messages = 4, .bytes = 0}, .stream_notify = false});
  Reader reader;
  const LinkId link = wires.Come("");
  std::string said;
  for (int i = 0; i < 100; ++i) {
    if (wires.socket.read_hint(link).mode == ReadMode::kPaused) break;
    said += "x";
    wires.Say(link, "x");
  }
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kPaused);
  std::string got;
  for (const std::string& text : wires.Received()) got += text;
  EXPECT_EQ(got, said);
  EXPECT_EQ(wires.socket.read_hint(link).mode, ReadMode::kAny);
  wires.Say(link, "more");
  EXPECT_THAT(wires.Received(), ElementsAre("more"));
}

// A full peer is unavailable, and told when it has room: nothing is dropped.
TEST(StreamTest, TheSendMark) {
  Wires wires(kStream, {.send_mark = {.messages = 2}});
  Reader reader;
  const LinkId link = wires.Come("");
  reader.All(wires.socket, wires.now);
  wires.Stall(true);
  EXPECT_TRUE(wires.Send(To(reader.id(1), "a")).ok());
  EXPECT_TRUE(wires.Send(To(reader.id(1), "b")).ok());
  EXPECT_EQ(wires.Send(To(reader.id(1), "c")).code(), absl::StatusCode::kUnavailable);
  wires.Stall(false);
  EXPECT_EQ(wires.Told(link), ToHex("ab"));
  PeerId roomy;
  EXPECT_TRUE(wires.socket.NextWritable(&roomy));
  EXPECT_TRUE(wires.Send(To(reader.id(1), "c")).ok());
  EXPECT_EQ(wires.Told(link), ToHex("c"));
}

// The limit on a message's octets cuts pieces; nothing of them is lost.
TEST(StreamTest, LimitsCutPieces) {
  Wires wires(kStream, {.stream_notify = false, .link = {.limits = {.max_message_bytes = 100}}});
  wires.Come(std::string(250, 'x'));
  EXPECT_THAT(wires.Received(),
              ElementsAre(std::string(100, 'x'), std::string(100, 'x'), std::string(50, 'x')));
}

// There is no handshake to wait for, no PING and no deadline: a silent peer may stay.
TEST(StreamTest, SilenceIsNoOffence) {
  Wires wires(kStream, {.link = {.handshake_timeout = absl::Seconds(1)}});
  const LinkId link = wires.Come("");
  EXPECT_TRUE(wires.socket.NextDeadline().is_never());
  wires.now = wires.now + absl::Hours(1);
  EXPECT_EQ(wires.Told(link), "");
  EXPECT_FALSE(wires.closed(link));
  EXPECT_EQ(wires.socket.ready_peers(), 1u);
}

// What needs ZMTP is refused with a sentence, wherever it is brought.
TEST(StreamTest, RefusesWhatNeedsZmtp) {
  const auto refusal = [](const LinkOptions& options) {
    const Host host = testing::TestHost();
    const absl::Status made = Socket::Create(kStream, {.link = options}, host).status();
    Socket socket = *Socket::Create(kStream, {}, host);
    const Endpoint endpoint = *ParseEndpoint("tcp://127.0.0.1:5555");
    EXPECT_EQ(socket.Bind(endpoint, options, host.now).status(), made);
    EXPECT_EQ(socket.Connect(endpoint, options, host.now).status(), made);
    return std::string(made.message());
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.mechanism = testing::TestCurveServer()}), HasSubstr("leave `mechanism`"));
  EXPECT_THAT(refusal({.mechanism = NullMechanism{.domain = "d"}}), HasSubstr("without a domain"));
  EXPECT_THAT(refusal({.heartbeat = {.interval = absl::Seconds(1)}}), HasSubstr("no PING"));
  EXPECT_THAT(refusal({.properties = {{"X-a", "b"}}}), HasSubstr("no properties"));
  EXPECT_THAT(std::string(CheckOptions(kDealer, SocketOptions{.stream_notify = false}).message()),
              HasSubstr("stream_notify is for STREAM, not DEALER"));
}

// Close: what was sent is written, and then the links are closed.
TEST(StreamTest, CloseLingers) {
  Wires wires(kStream);
  Reader reader;
  const LinkId link = wires.Come("");
  reader.All(wires.socket, wires.now);
  wires.Stall(true);
  EXPECT_TRUE(wires.Send(To(reader.id(1), "goodbye")).ok());
  wires.socket.Close(absl::Seconds(1), wires.now);
  wires.Turn();
  EXPECT_FALSE(wires.socket.drained());
  wires.Stall(false);
  EXPECT_EQ(wires.Told(link), ToHex("goodbye"));
  wires.Turn();
  EXPECT_TRUE(wires.closed(link));
  wires.HangUp(link);
  EXPECT_TRUE(wires.socket.drained());
}

}  // namespace
}  // namespace monocoque
