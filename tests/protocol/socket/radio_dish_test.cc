// RADIO and DISH (RFC 48): groups.
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/cause.h"
#include "protocol/socket/socket.h"
#include "tests/support/net.h"
#include "tests/support/pair.h"
#include "tests/support/wires.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::Net;
using ::monocoque::testing::PeerGreeting;
using ::monocoque::testing::PeerReady;
using ::monocoque::testing::ToHex;
using ::monocoque::testing::Wires;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum SocketType;

const std::string kZero(1, '\0');

Message In(std::string_view group, std::string_view text) {
  Message message(text);
  EXPECT_TRUE(message.set_group(group));
  return message;
}

std::string Command(std::string_view name, std::string_view group) {
  const std::size_t size = 1 + name.size() + group.size();
  std::string frame = size <= 255 ? Hex("04") + static_cast<char>(size)
                                  : Hex("06 000000000000") + static_cast<char>(size >> 8) +
                                        static_cast<char>(size & 255);
  return absl::StrCat(frame, std::string(1, static_cast<char>(name.size())), name, group);
}

class RadioDishTest : public ::testing::Test {
 protected:
  Socket& Radio(const SocketOptions& options = {}) {
    Socket& radio = net_.Make(kRadio, options);
    net_.Bind(radio, "a");
    net_.Run();
    return radio;
  }
  Socket& Dish(std::vector<std::string_view> groups) {
    Socket& dish = net_.Make(kDish);
    for (std::string_view group : groups) EXPECT_TRUE(dish.Join(group, net_.now).ok());
    net_.Connect(dish, "a");
    net_.Run();
    return dish;
  }
  // "group:text".
  std::vector<std::string> Heard(Socket& dish) {
    net_.Run();
    std::vector<std::string> all;
    for (Message message; dish.Receive(&message, nullptr, net_.now);) {
      EXPECT_EQ(message.part_count(), 1u);
      all.push_back(absl::StrCat(AsText(message.group()), ":", message.text()));
    }
    return all;
  }

  Net net_;
};

// J-1, RADIO-1, RADIO-4, RADIO-5, RADIO-6, DISH-1, DISH-3: exactly the groups joined, the empty one
// too, each message with its group.
TEST_F(RadioDishTest, GroupsMatchExactly) {
  Socket& radio = Radio();
  Socket& some = Dish({"tv", "", "news"});
  Socket& nothing = Dish({});
  for (const char* group : {"tv", "t", "tvx", "", "news", "News"}) {
    ASSERT_TRUE(net_.Send(radio, In(group, "m")).ok());
  }
  ASSERT_TRUE(net_.Send(radio, Message("no group is the empty one")).ok());
  EXPECT_THAT(Heard(some), ElementsAre("tv:m", ":m", "news:m", ":no group is the empty one"));
  EXPECT_THAT(Heard(nothing), IsEmpty());
  EXPECT_EQ(radio.topics(), 3u);
  EXPECT_EQ(some.topics(), 3u);
  EXPECT_THAT(std::string(radio.ReceiveStatus().message()), HasSubstr("RADIO only sends"));
  EXPECT_THAT(std::string(net_.Send(some, Message("x")).message()),
              HasSubstr("DISH only receives"));
  // The filter is at the sender.
  EXPECT_EQ(some.stats().dropped, 0u);
}

// DISH-4, DISH-5: joining and leaving take effect, once each.
TEST_F(RadioDishTest, JoinAndLeave) {
  Socket& radio = Radio();
  Socket& dish = Dish({"a"});
  EXPECT_EQ(dish.Join("a", net_.now).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(dish.Leave("b", net_.now).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(dish.Join("b", net_.now).ok());
  ASSERT_TRUE(dish.Leave("a", net_.now).ok());
  net_.Run();
  for (const char* group : {"a", "b"}) ASSERT_TRUE(net_.Send(radio, In(group, "m")).ok());
  EXPECT_THAT(Heard(dish), ElementsAre("b:m"));
  EXPECT_EQ(radio.topics(), 1u);
  EXPECT_THAT(std::string(radio.Join("x", net_.now).message()), HasSubstr("RADIO joins no groups"));
}

// J-6: the dish filters once more, since the radio does not know at once.
TEST_F(RadioDishTest, ADishFiltersOnceMore) {
  Socket& radio = Radio();
  Socket& dish = Dish({"a", "b"});
  ASSERT_TRUE(net_.Send(radio, In("a", "on its way")).ok());
  ASSERT_TRUE(net_.Send(radio, In("b", "wanted")).ok());
  ASSERT_TRUE(dish.Leave("a", net_.now).ok());
  EXPECT_THAT(Heard(dish), ElementsAre("b:wanted"));
  EXPECT_EQ(dish.stats().dropped, 1u);
}

// J-7: all groups are announced on each link, before anything else, to each radio.
TEST_F(RadioDishTest, GroupsAreAnnouncedOnEachLink) {
  Socket& radio = Radio();
  Socket& dish = Dish({"a", "b"});
  net_.CutAll();
  net_.Run();
  EXPECT_EQ(radio.topics(), 0u);
  ASSERT_TRUE(dish.Leave("a", net_.now).ok());
  ASSERT_TRUE(dish.Join("c", net_.now).ok());
  net_.Advance(absl::Seconds(2));
  for (const char* group : {"a", "b", "c"}) ASSERT_TRUE(net_.Send(radio, In(group, "m")).ok());
  EXPECT_THAT(Heard(dish), ElementsAre("b:m", "c:m"));
}

// J-2, GROUP-1: up to 255 octets, none of them zero; JOIN in a long frame from 251 on, LEAVE from
// 250 on.
TEST_F(RadioDishTest, GroupsUpTo255Octets) {
  Wires wires(kDish);
  const LinkId radio = wires.Accept(PeerGreeting() + PeerReady("RADIO"));
  for (const std::size_t size : {1u, 249u, 250u, 251u, 255u}) {
    const std::string group(size, 'g');
    ASSERT_TRUE(wires.socket.Join(group, wires.now).ok());
    EXPECT_EQ(wires.Told(radio), ToHex(Command("JOIN", group)));
    ASSERT_TRUE(wires.socket.Leave(group, wires.now).ok());
    EXPECT_EQ(wires.Told(radio), ToHex(Command("LEAVE", group)));
  }
  EXPECT_EQ(wires.socket.Join(std::string(256, 'g'), wires.now).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(wires.socket.Join("a" + kZero, wires.now).code(), absl::StatusCode::kInvalidArgument);

  Socket& radio2 = Radio();
  const std::string longest(255, 'g');
  Socket& dish = Dish({longest});
  ASSERT_TRUE(net_.Send(radio2, In(longest, std::string(5000, 'm'))).ok());
  EXPECT_THAT(Heard(dish), ElementsAre(longest + ":" + std::string(5000, 'm')));
  EXPECT_EQ(net_.Send(radio2, In("a" + kZero, "m")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Message("m").set_group(std::string(256, 'g')));
}

// J-3: a group that none may be ends the link.
TEST_F(RadioDishTest, AnImpossibleGroupEndsTheLink) {
  for (const std::string& group : {std::string(256, 'g'), "a" + kZero}) {
    for (const char* name : {"JOIN", "LEAVE"}) {
      Wires wires(kRadio);
      const LinkId dish = wires.Accept(PeerGreeting() + PeerReady("DISH"));
      wires.Say(dish, Command(name, group));
      EXPECT_TRUE(wires.closed(dish));
      EXPECT_EQ(CauseOf(wires.events.back().status), Cause::kPeerViolation);
      EXPECT_EQ(wires.socket.topics(), 0u);
    }
  }
}

// J-5: joins are counted, and delivered once.
TEST_F(RadioDishTest, JoinsAreCounted) {
  Wires wires(kRadio);
  const LinkId dish = wires.Accept(PeerGreeting() + PeerReady("DISH"));
  for (const std::string_view group : {"g", ""}) {
    const auto send = [&] {
      EXPECT_TRUE(wires.Send(In(group, "m")).ok());
      return wires.Told(dish);
    };
    const std::string once =
        ToHex(absl::StrCat(Hex("01"), std::string(1, static_cast<char>(group.size())), group)) +
        "00016d";
    for (int i = 0; i < 3; ++i) wires.Say(dish, Command("JOIN", group));
    EXPECT_EQ(send(), once);
    for (int i = 0; i < 2; ++i) wires.Say(dish, Command("LEAVE", group));
    EXPECT_EQ(send(), once);
    wires.Say(dish, Command("LEAVE", group));
    EXPECT_EQ(send(), "");
    // Of nothing, it is nothing.
    wires.Say(dish, Command("LEAVE", group) + Command("LEAVE", "never joined"));
    EXPECT_EQ(send(), "");
  }
  EXPECT_FALSE(wires.closed(dish));
}

// J-4: a message that is not a group and a body ends the link, also if nobody receives.
TEST_F(RadioDishTest, OnlyAGroupAndABody) {
  const std::string bad[] = {
      Hex("0008 6e6f2067726f7570"),                                         // no group
      Hex("0000"),                                                          // nothing at all
      Hex("0101 67 0101 61 0001 62"),                                       // three parts
      Hex("03 0000000000000100") + std::string(256, 'g') + Hex("0001 61"),  // a group too long
      Hex("02 0000000000000001 61"),  // one part in a long frame
  };
  for (const std::string& message : bad) {
    Wires wires(kDish);
    ASSERT_TRUE(wires.socket.Join("g", wires.now).ok());
    const LinkId radio = wires.Accept(PeerGreeting() + PeerReady("RADIO"));
    wires.Say(radio, Hex("0101 67 0001 31"));
    wires.Say(radio, message);
    EXPECT_TRUE(wires.closed(radio)) << ToHex(message);
    EXPECT_EQ(CauseOf(wires.events.back().status), Cause::kPeerViolation);
    // What came before is received.
    EXPECT_THAT(wires.Received(), ElementsAre("1"));
  }
}

// J-8: commands may lie between the two frames; a PING is answered. A group in a long frame is one
// as well.
TEST_F(RadioDishTest, APingBetweenGroupAndBody) {
  Wires wires(kDish);
  ASSERT_TRUE(wires.socket.Join("g", wires.now).ok());
  const LinkId radio = wires.Accept(PeerGreeting() + PeerReady("RADIO"));
  wires.Say(radio, Hex("0101 67") + Hex("0407 0450494e470000"));
  EXPECT_EQ(wires.Told(radio),
            "0405"
            "04504f4e47");
  wires.Say(radio, Hex("0001 31") + Hex("03 0000000000000001 67 0001 32"));
  EXPECT_THAT(wires.Received(), ElementsAre("1", "2"));
  EXPECT_FALSE(wires.closed(radio));
}

// RADIO-3, RADIO-7: messages of peers are dropped, several parts refused.
TEST_F(RadioDishTest, ARadioTakesNoMessagesAndNoParts) {
  Wires wires(kRadio);
  const LinkId dish = wires.Accept(PeerGreeting() + PeerReady("DISH"));
  wires.Say(dish, Hex("0001 61 0101 67 0001 62"));
  EXPECT_THAT(wires.Received(), IsEmpty());
  EXPECT_EQ(wires.socket.stats().dropped, 2u);
  EXPECT_FALSE(wires.closed(dish));
  Message parts({"a", "b"});
  EXPECT_EQ(wires.socket.Send(&parts, wires.now).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parts.part_count(), 2u);
}

// RADIO-2, ALL-8: at its mark a peer misses what it would get, it alone, and that is counted and
// told; with xpub_nodrop nobody gets it.
TEST_F(RadioDishTest, AFullPeerMissesMessages) {
  for (const bool nodrop : {false, true}) {
    Wires wires(kRadio, {.send_mark = {.messages = 2, .bytes = 0}, .xpub_nodrop = nodrop});
    const LinkId slow = wires.Accept(PeerGreeting() + PeerReady("DISH"));
    wires.Say(slow, Command("JOIN", "g"));
    wires.Stall(true);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(wires.Send(In("g", absl::StrCat(i))).ok());
    Message third = In("g", "2");
    EXPECT_EQ(wires.socket.Send(&third, wires.now).ok(), !nodrop);
    EXPECT_EQ(wires.socket.stats().dropped, nodrop ? 0u : 1u);
    EXPECT_EQ(third.text(), nodrop ? "2" : "");
    EXPECT_EQ(wires.socket.CanSend(), !nodrop);
    PeerId peer;
    EXPECT_FALSE(wires.socket.NextWritable(&peer));
    wires.Stall(false);
    EXPECT_EQ(wires.Told(slow),
              "010167"
              "000130"
              "010167"
              "000131");
    wires.Turn();
    const bool told = wires.events.back().kind == SocketEvent::Kind::kDropsEnded;
    EXPECT_EQ(told, !nodrop);
    EXPECT_TRUE(wires.socket.CanSend());
    EXPECT_TRUE(wires.socket.NextWritable(&peer));
  }
}

// DISH-2: a dish that is full stops reading; nothing is lost on its way.
TEST_F(RadioDishTest, AFullDishStopsReading) {
  Wires wires(kDish, {.receive_mark = {.messages = 2, .bytes = 0}});
  ASSERT_TRUE(wires.socket.Join("g", wires.now).ok());
  const LinkId radio = wires.Accept(PeerGreeting() + PeerReady("RADIO"));
  wires.Say(radio, Hex("0101 67 0001 31 0101 67 0001 32"));
  EXPECT_EQ(wires.socket.read_hint(radio).mode, ReadMode::kPaused);
  EXPECT_THAT(wires.Received(), ElementsAre("1", "2"));
  EXPECT_EQ(wires.socket.read_hint(radio).mode, ReadMode::kAny);
}

// Groups that a peer joins are bounded, as subscriptions are.
TEST_F(RadioDishTest, JoinsAreBounded) {
  SocketOptions options;
  options.link.limits.max_subscription_bytes = 3 * 350;
  Wires wires(kRadio, options);
  const LinkId dish = wires.Accept(PeerGreeting() + PeerReady("DISH"));
  for (const char* group : {"a", "b", "c", "d", "c"}) wires.Say(dish, Command("JOIN", group));
  EXPECT_EQ(wires.socket.topics(), 3u);
  EXPECT_EQ(wires.socket.stats().subscriptions_refused, 1u);
  wires.HangUp(dish);
  EXPECT_EQ(wires.socket.topics(), 0u);
}

// A radio that connects, and dishes that bind, are as good; what was not sent waits for no next
// link, since nobody joined there yet.
TEST_F(RadioDishTest, TheRadioMayConnect) {
  Socket& dish = net_.Make(kDish);
  ASSERT_TRUE(dish.Join("g", net_.now).ok());
  net_.Bind(dish, "b");
  net_.Run();
  Socket& radio = net_.Make(kRadio);
  net_.Connect(radio, "b");
  ASSERT_TRUE(net_.Send(radio, In("g", "nobody is there")).ok());
  net_.Run();
  ASSERT_TRUE(net_.Send(radio, In("g", "one")).ok());
  EXPECT_THAT(Heard(dish), ElementsAre("g:one"));
  net_.CutAll();
  net_.Advance(absl::Seconds(2));
  ASSERT_TRUE(net_.Send(radio, In("g", "two")).ok());
  EXPECT_THAT(Heard(dish), ElementsAre("g:two"));
}

// A link on which a group finds no memory begins anew.
TEST_F(RadioDishTest, NoMemoryForAGroupEndsTheLink) {
  Radio();
  SocketOptions options;
  options.link.budget_bytes = 100 * 1000;
  Socket& dish = net_.Make(kDish, options);
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(dish.Join(absl::StrCat(std::string(250, 'g'), i), net_.now).ok());
  }
  net_.Connect(dish, "a");
  net_.Run();
  EXPECT_EQ(dish.ready_peers(), 0u);
}

}  // namespace
}  // namespace monocoque
