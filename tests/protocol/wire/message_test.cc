#include "protocol/wire/message.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/types/span.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/wire/frame.h"

namespace monocoque {
namespace {

using Parts = std::vector<std::string>;
using Sizes = std::initializer_list<std::size_t>;

// Sizes on both sides of each border: empty, a slice's inside, a message's inside, a short frame.
constexpr std::array<std::size_t, 11> kSizes = {0, 1, 16, 17, 79, 80, 81, 255, 256, 257, 70000};

// Octets that tell a shifted or cut body from the right one.
std::string Text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

// The parts, as one gets them by walking.
Parts Walk(const Message& message) {
  Parts parts;
  for (const Slice& part : message) {
    parts.emplace_back(part.text());
    if (parts.size() > 1000) {
      ADD_FAILURE() << "the walk does not end";
      break;
    }
  }
  return parts;
}

// Every way to look at the parts must agree.
void ExpectParts(const Message& message, const Parts& expected) {
  EXPECT_EQ(Walk(message), expected);
  EXPECT_EQ(message.part_count(), expected.size());
  EXPECT_EQ(message.multipart(), expected.size() > 1);
  std::size_t total = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(message[i].text(), expected[i]) << "part " << i;
    EXPECT_EQ(message.Share(i).text(), expected[i]) << "part " << i;
    total += expected[i].size();
  }
  EXPECT_EQ(message.total_bytes(), total);
  EXPECT_EQ(message.text(), expected[0]);
  EXPECT_EQ(message.size(), expected[0].size());
  EXPECT_TRUE(message[expected.size()].empty());
  EXPECT_TRUE(message.Share(expected.size()).empty());
}

Message FromWire(std::string_view hex) {
  std::string frames;
  EXPECT_TRUE(absl::HexStringToBytes(hex, &frames)) << hex;
  Message message;
  message.SetWireParts(Slice::Copy(frames));
  return message;
}

std::string WireHex(const Message& message) {
  return absl::BytesToHexString(AsText(message.payload().bytes()));
}

template <typename Text>
concept CanBeBorrowed = requires(Text&& text) { Message::Borrow(std::forward<Text>(text)); };
static_assert(CanBeBorrowed<std::string&> && CanBeBorrowed<const std::string&>);
static_assert(CanBeBorrowed<std::string_view> && CanBeBorrowed<const char*>);
static_assert(!CanBeBorrowed<std::string> && !CanBeBorrowed<const std::string>,
              "a temporary is gone before the message is sent");

TEST(MessageTest, AMessageOfNothingHasOneEmptyPart) {
  for (const Message& message :
       {Message(), Message(""), Message(std::string_view()), Message(Bytes()), Message(Slice()),
        Message(absl::Span<const std::string_view>())}) {
    ExpectParts(message, {""});
    EXPECT_TRUE(message.routing_id().empty());
    EXPECT_TRUE(message.group().empty());
    EXPECT_FALSE(message.peer());
    EXPECT_EQ(message.wire_bytes(), 2u);
  }
}

TEST(MessageTest, ABodyOfAnySizeComesOutAsItWentIn) {
  for (const std::size_t size : kSizes) {
    SCOPED_TRACE(size);
    const std::string text = Text(size);
    ExpectParts(Message(text), {text});
    ExpectParts(Message(AsBytes(text)), {text});
    ExpectParts(Message(Slice::Copy(text)), {text});
    const std::array<std::string_view, 1> one = {text};
    ExpectParts(Message(one), {text});
  }
}

TEST(MessageTest, TheBodyIsACopyOfWhatWasHandedIn) {
  for (const std::size_t size : Sizes{5, 500}) {
    std::string text(size, 'a');
    const Message message(text);
    text.assign(size, 'z');
    EXPECT_EQ(message.text(), std::string(size, 'a'));
  }
}

TEST(MessageTest, OctetsOfAllKindsPass) {
  const std::string text("\0\xff\0z", 4);
  const Message message(text);
  EXPECT_EQ(message.text(), text);
  const Message parts({text, std::string_view("\0", 1)});
  ExpectParts(parts, {text, std::string("\0", 1)});
}

// A large body is shared with the slice it came in: nothing is copied, and it lives as long as a
// share.
TEST(MessageTest, AnAdoptedBodyIsNotCopiedAndIsReleasedWithItsLastShare) {
  const std::string text = Text(500);
  int released = 0;
  const auto release = [](void* arg) { ++*static_cast<int*>(arg); };
  Message message(Slice::Adopt(text.data(), text.size(), release, &released));
  EXPECT_EQ(message.text().data(), text.data());
  Message copy = message;
  Slice share = message.Share(0);
  EXPECT_EQ(copy.text().data(), text.data());
  EXPECT_EQ(share.text().data(), text.data());
  message.Clear();
  copy = Message("other");
  EXPECT_EQ(released, 0);
  EXPECT_EQ(share.text(), text);
  share = Slice();
  EXPECT_EQ(released, 1);
}

TEST(MessageTest, PartsOfAllSizesAreWalkedInOrder) {
  Parts expected;
  for (const std::size_t size : kSizes) expected.push_back(Text(size));
  const std::vector<std::string_view> views(expected.begin(), expected.end());
  ExpectParts(Message(absl::MakeConstSpan(views)), expected);
  ExpectParts(Message({"a", "bc", "def"}), {"a", "bc", "def"});
}

// Empty frames are parts: the delimiter of REQ and REP is one.
TEST(MessageTest, EmptyPartsCountWhereverTheyStand) {
  ExpectParts(Message({"", "x"}), {"", "x"});
  ExpectParts(Message({"x", ""}), {"x", ""});
  ExpectParts(Message({"a", "", "b"}), {"a", "", "b"});
  ExpectParts(Message({"", ""}), {"", ""});
  ExpectParts(Message({"", "", ""}), {"", "", ""});
}

// F-1, F-2: MORE on all parts but the last, short headers up to 255 octets, long ones beyond.
TEST(MessageTest, PartsAreKeptAsOnTheWire) {
  EXPECT_EQ(WireHex(Message({"a", "", "bc"})),
            "0101610100"
            "00026263");
  const std::string edge = Text(255);
  const std::string over = Text(256);
  const Message message({over, edge, over});
  const std::string hex = WireHex(message);
  EXPECT_EQ(hex.substr(0, 18), "030000000000000100");
  EXPECT_EQ(hex.substr(2 * (9 + 256), 4), "01ff");
  EXPECT_EQ(hex.substr(2 * (9 + 256 + 2 + 255), 18), "020000000000000100");
}

TEST(MessageTest, WireBytesCountTheHeaders) {
  EXPECT_EQ(Message(Text(255)).wire_bytes(), 257u);
  EXPECT_EQ(Message(Text(256)).wire_bytes(), 265u);
  EXPECT_EQ(Message({"a", "", "bc"}).wire_bytes(), 9u);
  EXPECT_EQ(Message({Text(256), Text(255)}).wire_bytes(), 9u + 256 + 2 + 255);
}

// F-3: a peer may use long headers for short bodies; the parts are the same.
TEST(MessageTest, PartsReceivedInLongFormAreTheSameParts) {
  const Message message = FromWire(
      "03000000000000000161"
      "030000000000000000"
      "00026263");
  ExpectParts(message, {"a", "", "bc"});
  EXPECT_EQ(message, Message({"a", "", "bc"}));
  EXPECT_EQ(message.wire_bytes(), 10u + 9 + 4);
}

TEST(MessageTest, ABodyFromAReadBufferIsTakenWithoutWhatFollowsIt) {
  const std::string buffer = Text(300);
  const Bytes octets = AsBytes(buffer);
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{80}}) {
    for (const std::size_t readable : {size, std::size_t{80}, std::size_t{300}}) {
      Message message({"old", "parts"});
      message.SetInlineBody(octets.data(), size, readable);
      ExpectParts(message, {buffer.substr(0, size)});
    }
  }
  Message message({"old", "parts"});
  ASSERT_TRUE(message.set_to("old"));
  message.SetSharedBody(Slice::Copy(buffer));
  ExpectParts(message, {buffer});
  EXPECT_TRUE(message.to().empty());
}

// A part of a large message shares its memory: it outlives the message and costs no copy.
TEST(MessageTest, LargePartsAreSharedAndOutliveTheMessage) {
  const std::string large = Text(300);
  Slice kept;
  {
    const Message message({"head", large});
    kept = message.Share(1);
    EXPECT_EQ(kept.data(), message[1].bytes().data());
    EXPECT_EQ((*std::next(message.begin())).data(), message[1].bytes().data());
  }
  EXPECT_EQ(kept.text(), large);
}

TEST(MessageTest, SmallPartsOutliveTheMessageToo) {
  Slice kept;
  {
    const Message message({"head", "tail"});
    kept = message.Share(1);
  }
  EXPECT_EQ(kept.text(), "tail");
}

TEST(MessageTest, AddPartPutsItBehindTheLast) {
  Message message;
  message.AddPart("b");
  ExpectParts(message, {"", "b"});
  Parts expected = {"", "b"};
  for (const std::size_t size : kSizes) {
    expected.push_back(Text(size));
    message.AddPart(expected.back());
    ExpectParts(message, expected);
  }
}

// It has a part already.
TEST(MessageTest, AddPartToAFreshMessagePutsItBehindAnEmptyOne) {
  Message message;
  message.AddPart("a");
  message.AddPart("b");
  EXPECT_EQ(message, Message({"", "a", "b"}));
}

TEST(MessageTest, PartsMayBeCountedAtRunTime) {
  std::vector<std::string> parts;
  EXPECT_EQ(Message(parts), Message());
  parts.emplace_back("only one");
  EXPECT_EQ(Message(parts), Message("only one"));
  parts.emplace_back("");
  parts.emplace_back(1000, 'x');
  EXPECT_EQ(Message(parts), Message({"only one", "", std::string(1000, 'x')}));
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  EXPECT_EQ(Message(views), Message(parts));
}

TEST(MessageTest, ManyPartsCostNoMoreEachThanFew) {
  const std::vector<std::string> parts(100'000, "part");
  const Message message(parts);
  EXPECT_EQ(message.part_count(), parts.size());
  EXPECT_EQ(message.total_bytes(), 4 * parts.size());
}

TEST(MessageTest, AMessageMayAddAPartOfItsOwn) {
  for (const std::size_t size : Sizes{4, 200}) {
    Message message(Text(size));
    message.AddPart(message.bytes());
    message.AddPart(message[1].bytes());
    ExpectParts(message, {Text(size), Text(size), Text(size)});
  }
}

TEST(MessageTest, AddPartKeepsDestinationAndPeer) {
  Message message("a");
  ASSERT_TRUE(message.set_to("you"));
  message.set_peer(PeerId::FromValue(7));
  message.AddPart("b");
  EXPECT_EQ(AsText(message.to()), "you");
  EXPECT_EQ(message.peer(), PeerId::FromValue(7));
  Message radio("a");
  ASSERT_TRUE(radio.set_group("weather"));
  radio.AddPart(Text(100));
  EXPECT_EQ(AsText(radio.group()), "weather");
}

// ROUTER: a message that came from a peer and is sent back goes to that peer.
TEST(MessageTest, OriginAndDestinationAreTheSameAttribute) {
  Message message("request");
  ASSERT_TRUE(message.set_to("client-1"));
  EXPECT_EQ(AsText(message.routing_id()), "client-1");
  EXPECT_EQ(AsText(message.to()), "client-1");
  EXPECT_TRUE(message.group().empty());
  ASSERT_TRUE(message.set_to("client-2"));
  EXPECT_EQ(AsText(message.to()), "client-2");
  ASSERT_TRUE(message.set_to(""));
  EXPECT_TRUE(message.to().empty());
}

// An id and a body of any size live side by side, whichever comes from where.
TEST(MessageTest, IdsOfAnySizeAndBodiesOfAnySizeDoNotDisturbEachOther) {
  for (const std::size_t body : kSizes) {
    for (const std::size_t id_size : Sizes{0, 1, 5, 16, 17, 24, 25, 56, 57, 80, 255}) {
      SCOPED_TRACE(testing::Message() << "body " << body << ", id " << id_size);
      const std::string id(id_size, 'I');
      for (const bool as_slice : {false, true}) {
        Message message(Text(body));
        ASSERT_TRUE(as_slice ? message.set_to(Slice::Copy(id)) : message.set_to(id));
        EXPECT_EQ(AsText(message.to()), id);
        ExpectParts(message, {Text(body)});
        ASSERT_TRUE(message.set_to("short"));
        EXPECT_EQ(AsText(message.to()), "short");
        ExpectParts(message, {Text(body)});
      }
    }
  }
}

// M-12: 0 to 255 octets. One more is refused and changes nothing.
TEST(MessageTest, AnIdOfMoreThan255OctetsIsRefused) {
  const std::string longest(255, 'i');
  const std::string too_long(256, 'i');
  Message message("body");
  EXPECT_TRUE(message.set_to(longest));
  EXPECT_EQ(AsText(message.to()), longest);
  ASSERT_TRUE(message.set_to("before"));
  EXPECT_FALSE(message.set_to(too_long));
  EXPECT_FALSE(message.set_to(AsBytes(too_long)));
  EXPECT_FALSE(message.set_to(Slice::Copy(too_long)));
  EXPECT_FALSE(message.set_group(too_long));
  EXPECT_EQ(AsText(message.to()), "before");
  EXPECT_TRUE(message.group().empty());
  ExpectParts(message, {"body"});
}

TEST(MessageTest, AnIdMayBeSetFromTheMessageItself) {
  Message message(Text(100));
  ASSERT_TRUE(message.set_to(message.bytes()));
  EXPECT_EQ(AsText(message.to()), Text(100));
  ASSERT_TRUE(message.set_to(message.to()));
  EXPECT_EQ(AsText(message.to()), Text(100));
  ASSERT_TRUE(message.set_to(message.to().first(3)));
  EXPECT_EQ(AsText(message.to()), Text(3));
  ExpectParts(message, {Text(100)});
}

// RADIO-4, DISH-3, GROUP-1: the group is beside the body, up to 255 octets, and no routing id.
TEST(MessageTest, AGroupIsNoDestination) {
  Message message("23 degrees");
  ASSERT_TRUE(message.set_group("weather"));
  EXPECT_EQ(AsText(message.group()), "weather");
  EXPECT_TRUE(message.to().empty());
  ExpectParts(message, {"23 degrees"});
  const std::string longest(255, 'g');
  ASSERT_TRUE(message.set_group(longest));
  EXPECT_EQ(AsText(message.group()), longest);
}

TEST(MessageTest, APeerCanBeNoted) {
  Message message("x");
  EXPECT_FALSE(message.peer());
  message.set_peer(PeerId::FromValue(0x123456789abcdef0));
  EXPECT_EQ(message.peer(), PeerId::FromValue(0x123456789abcdef0));
}

TEST(MessageTest, ClearLeavesNothing) {
  Message message({"a", Text(300)});
  ASSERT_TRUE(message.set_to(Text(100)));
  message.set_peer(PeerId::FromValue(7));
  message.Clear();
  ExpectParts(message, {""});
  EXPECT_TRUE(message.to().empty());
  EXPECT_FALSE(message.peer());
  message.AddPart("b");
  ExpectParts(message, {"", "b"});
}

// A proxy sees what a ROUTER of libzmq would show: the id as a part in front.
TEST(MessageTest, IdToFrontAndBackIsTheSameMessage) {
  for (const std::size_t body : kSizes) {
    for (const std::size_t id_size : Sizes{1, 5, 17, 100, 255}) {
      SCOPED_TRACE(testing::Message() << "body " << body << ", id " << id_size);
      const std::string id(id_size, 'I');
      Message message(Text(body));
      ASSERT_TRUE(message.set_to(id));
      message.IdToFront();
      ExpectParts(message, {id, Text(body)});
      EXPECT_TRUE(message.to().empty());
      ASSERT_TRUE(message.FrontToId());
      ExpectParts(message, {Text(body)});
      EXPECT_EQ(AsText(message.to()), id);
    }
  }
}

TEST(MessageTest, IdToFrontAndBackKeepsAllParts) {
  const Parts parts = {"", Text(300), "x", ""};
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  Message message{absl::MakeConstSpan(views)};
  ASSERT_TRUE(message.set_to("id"));
  message.IdToFront();
  ExpectParts(message, {"id", "", Text(300), "x", ""});
  ASSERT_TRUE(message.FrontToId());
  ExpectParts(message, parts);
  EXPECT_EQ(AsText(message.to()), "id");
}

TEST(MessageTest, FrontToIdRefusesWhatIsNoIdAndChangesNothing) {
  Message alone("id");
  EXPECT_FALSE(alone.FrontToId());
  ExpectParts(alone, {"id"});
  EXPECT_TRUE(alone.to().empty());
  Message empty({"", "body"});
  ASSERT_TRUE(empty.set_to("before"));
  EXPECT_FALSE(empty.FrontToId());
  ExpectParts(empty, {"", "body"});
  EXPECT_EQ(AsText(empty.to()), "before");
  Message too_long({Text(256), "body"});
  EXPECT_FALSE(too_long.FrontToId());
  ExpectParts(too_long, {Text(256), "body"});
  EXPECT_TRUE(too_long.to().empty());
  Message longest({Text(255), "body"});
  EXPECT_TRUE(longest.FrontToId());
  EXPECT_EQ(AsText(longest.to()), Text(255));
}

TEST(MessageTest, FrontToIdReplacesTheIdThatWasThere) {
  Message message({"new", "body"});
  ASSERT_TRUE(message.set_to("old"));
  ASSERT_TRUE(message.FrontToId());
  EXPECT_EQ(AsText(message.to()), "new");
  ExpectParts(message, {"body"});
}

TEST(MessageTest, DropFrontRemovesParts) {
  for (const std::size_t size : Sizes{3, 200}) {
    const Message whole({"a", "", Text(size), "d"});
    Message message = whole;
    EXPECT_TRUE(message.DropFront(0));
    ExpectParts(message, {"a", "", Text(size), "d"});
    EXPECT_TRUE(message.DropFront(1));
    ExpectParts(message, {"", Text(size), "d"});
    EXPECT_TRUE(message.DropFront(2));
    ExpectParts(message, {"d"});
    // The copy shared the octets; it is as it was.
    ExpectParts(whole, {"a", "", Text(size), "d"});
  }
}

TEST(MessageTest, DropFrontLeavesOnePartAtLeast) {
  Message message({"a", "b"});
  EXPECT_FALSE(message.DropFront(2));
  EXPECT_FALSE(message.DropFront(3));
  ExpectParts(message, {"a", "b"});
  EXPECT_TRUE(message.DropFront(1));
  EXPECT_FALSE(message.DropFront(1));
  EXPECT_TRUE(message.DropFront(0));
  ExpectParts(message, {"b"});
  Message last_empty({"a", ""});
  EXPECT_TRUE(last_empty.DropFront(1));
  ExpectParts(last_empty, {""});
}

TEST(MessageTest, DropFrontKeepsDestinationAndPeer) {
  for (const std::size_t size : Sizes{3, 200}) {
    for (const std::size_t id_size : Sizes{5, 100}) {
      const std::string id(id_size, 'I');
      Message message({"a", "b", Text(size)});
      ASSERT_TRUE(message.set_to(id));
      message.set_peer(PeerId::FromValue(7));
      for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(message.DropFront(1));
        EXPECT_EQ(AsText(message.to()), id);
        EXPECT_EQ(message.peer(), PeerId::FromValue(7));
      }
      ExpectParts(message, {Text(size)});
    }
  }
}

// Copies share and are independent: what happens to one is not seen in the other.
TEST(MessageTest, ACopyIsAMessageOfItsOwn) {
  for (const std::size_t size : kSizes) {
    Message message({"a", Text(size)});
    ASSERT_TRUE(message.set_to(Text(100)));
    message.set_peer(PeerId::FromValue(7));
    Message copy = message;
    EXPECT_EQ(AsText(copy.to()), Text(100));
    EXPECT_EQ(copy.peer(), PeerId::FromValue(7));
    message.AddPart("more");
    ASSERT_TRUE(message.set_to("other"));
    message.Clear();
    ExpectParts(copy, {"a", Text(size)});
    EXPECT_EQ(AsText(copy.to()), Text(100));
    const Message* const self = &copy;
    copy = *self;
    ExpectParts(copy, {"a", Text(size)});
  }
}

TEST(MessageTest, MovingTakesTheBodyAndTheAttributesAndLeavesNone) {
  for (const std::size_t size : kSizes) {
    for (const std::size_t id_size : Sizes{5, 100}) {
      const std::string id(id_size, 'I');
      Message source(Text(size));
      ASSERT_TRUE(source.set_to(id));
      source.set_peer(PeerId::FromValue(7));
      Message target({"old", "parts"});
      target = std::move(source);
      ExpectParts(target, {Text(size)});
      EXPECT_EQ(AsText(target.to()), id);
      EXPECT_EQ(target.peer(), PeerId::FromValue(7));
      // A moved-from message is an empty one: it may be looked at and used again.
      ExpectParts(source, {""});
      EXPECT_TRUE(source.to().empty());
      source = Message("again");
      ExpectParts(source, {"again"});
    }
  }
}

TEST(MessageTest, MovingTakesAllParts) {
  Message source({"a", Text(300), ""});
  const std::uint8_t* const octets = source[1].bytes().data();
  const Message target = std::move(source);
  ExpectParts(target, {"a", Text(300), ""});
  EXPECT_EQ(target[1].bytes().data(), octets);
}

TEST(MessageTest, EqualityIsAboutParts) {
  EXPECT_EQ(Message("a"), Message("a"));
  EXPECT_FALSE(Message("a") == Message("b"));
  EXPECT_FALSE(Message("ab") == Message({"a", "b"}));
  EXPECT_FALSE(Message({"a", "b"}) == Message({"a", "b", ""}));
  EXPECT_FALSE(Message({"ab", "c"}) == Message({"a", "bc"}));
  EXPECT_EQ(Message({"a", Text(300)}), Message({"a", Text(300)}));
  Message from("a");
  ASSERT_TRUE(from.set_to("you"));
  from.set_peer(PeerId::FromValue(7));
  EXPECT_EQ(from, Message("a"));
}

}  // namespace
}  // namespace monocoque
