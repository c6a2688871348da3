#include "protocol/wire/command.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/wire/frame.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::ToHex;

// The body of the one command frame in `octets`.
Bytes BodyOf(std::string_view octets) {
  FrameHeader header;
  EXPECT_EQ(ParseFrameHeader(AsBytes(octets), &header), FrameParse::kOk);
  EXPECT_TRUE(header.command());
  EXPECT_EQ(header.header_bytes + header.body_bytes, octets.size());
  return AsBytes(octets).subspan(header.header_bytes);
}

// C-1: the name is what its length says, case and all; the rest is data.
TEST(CommandTest, NameAndDataAreTakenApart) {
  const std::string body = Hex("0552454144590b536f63");
  const absl::StatusOr<Command> command = ParseCommand(AsBytes(body));
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->name, command::kReady);
  EXPECT_EQ(AsText(command->data), Hex("0b536f63"));
  const std::string small = std::string("\x05") + "ready";
  const absl::StatusOr<Command> lower = ParseCommand(AsBytes(small));
  ASSERT_TRUE(lower.ok());
  EXPECT_NE(lower->name, command::kReady);
}

TEST(CommandTest, DataMayBeEmpty) {
  const std::string body = std::string("\x04") + "PONG";
  const absl::StatusOr<Command> command = ParseCommand(AsBytes(body));
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->name, command::kPong);
  EXPECT_TRUE(command->data.empty());
}

// C-2, SEC-9: frame-malformed-command, frame-empty-command.
TEST(CommandTest, MalformedBodiesAreRefused) {
  EXPECT_FALSE(ParseCommand(Bytes()).ok());
  for (const std::string_view hex : {"", "00", "0050494e47", "01", "0550494e47", "ff41"}) {
    const std::string body = Hex(hex);
    EXPECT_EQ(ParseCommand(AsBytes(body)).status().code(), absl::StatusCode::kInvalidArgument)
        << hex;
  }
}

// C-2: the longest name fits exactly.
TEST(CommandTest, NameOf255Octets) {
  const std::string body = "\xff" + std::string(255, 'A');
  const absl::StatusOr<Command> command = ParseCommand(AsBytes(body));
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->name.size(), 255u);
  EXPECT_FALSE(ParseCommand(AsBytes(body).first(255)).ok());
}

// Section 5: the table of name octets.
TEST(CommandTest, NamesAreThoseOfTheWire) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {command::kHello, "0548454c4c4f"},
      {command::kWelcome, "0757454c434f4d45"},
      {command::kInitiate, "08494e495449415445"},
      {command::kReady, "055245414459"},
      {command::kError, "054552524f52"},
      {command::kMessage, "074d455353414745"},
      {command::kSubscribe, "09535542534352494245"},
      {command::kCancel, "0643414e43454c"},
      {command::kJoin, "044a4f494e"},
      {command::kLeave, "054c45415645"},
      {command::kPing, "0450494e47"},
      {command::kPong, "04504f4e47"},
  };
  for (const auto& [name, hex] : names) {
    std::string out;
    AppendCommand(&out, name, {});
    EXPECT_EQ(ToHex(AsText(BodyOf(out))), hex);
  }
}

// F-4, S-4, D-17: sub-prefix-245, sub-prefix-256 and what lies between. LONG follows from name and
// data together.
TEST(CommandTest, LongFlagFollowsFromTheWholeBody) {
  for (const std::size_t prefix : {0u, 1u, 244u, 245u, 246u, 255u, 256u, 70000u}) {
    const std::string data(prefix, 'p');
    std::string out;
    AppendCommand(&out, command::kSubscribe, AsBytes(data));
    const bool is_long = 1 + 9 + prefix > 255;
    EXPECT_EQ(out[0], is_long ? '\x06' : '\x04') << prefix;
    const absl::StatusOr<Command> back = ParseCommand(BodyOf(out));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->name, command::kSubscribe);
    EXPECT_EQ(AsText(back->data), data);
  }
}

// J-2: JOIN becomes long from 251, LEAVE from 250 octets of group on.
TEST(CommandTest, JoinAndLeaveGrowLongWhereTheRfcSays) {
  const auto first_octet = [](std::string_view name, std::size_t group) {
    const std::string data(group, 'g');
    std::string out;
    AppendCommand(&out, name, AsBytes(data));
    return out[0];
  };
  EXPECT_EQ(first_octet(command::kJoin, 250), '\x04');
  EXPECT_EQ(first_octet(command::kJoin, 251), '\x06');
  EXPECT_EQ(first_octet(command::kLeave, 249), '\x04');
  EXPECT_EQ(first_octet(command::kLeave, 250), '\x06');
}

TEST(CommandTest, AppendLeavesWhatIsThere) {
  std::string out = "before";
  AppendPong(&out, {});
  EXPECT_EQ(out, "before" + Hex("040504504f4e47"));
}

// H-2, H-12: hb-ping-ttl, hb-ping-ttl-rounding.
TEST(PingTest, TimeToLiveIsSentInTenthsRoundedDown) {
  const auto ping = [](absl::Duration ttl) {
    std::string out;
    AppendPing(&out, ttl, {});
    return ToHex(out);
  };
  EXPECT_EQ(ping(absl::ZeroDuration()), "04070450494e470000");
  EXPECT_EQ(ping(absl::Milliseconds(99)), "04070450494e470000");
  EXPECT_EQ(ping(absl::Milliseconds(1999)), "04070450494e470013");
  EXPECT_EQ(ping(absl::Milliseconds(6553500)), "04070450494e47ffff");
}

// H-2: no duration leaves the field's two octets.
TEST(PingTest, TimeToLiveIsCutToItsField) {
  const auto ttl_of = [](absl::Duration ttl) {
    std::string out;
    AppendPing(&out, ttl, {});
    return out.substr(out.size() - 2);
  };
  EXPECT_EQ(ttl_of(absl::Seconds(7000)), "\xff\xff");
  EXPECT_EQ(ttl_of(absl::InfiniteDuration()), "\xff\xff");
  EXPECT_EQ(ttl_of(absl::Seconds(-1)), std::string(2, '\0'));
}

// H-4, D-30: hb-ttl-overflow-bug. 65.6 s is not 64 ms.
TEST(PingTest, TimeToLiveIsReadWithWideArithmetic) {
  const auto ttl_of = [](std::string_view hex) {
    const std::string data = Hex(hex);
    return ParsePing(AsBytes(data))->ttl;
  };
  EXPECT_EQ(ttl_of("0000"), absl::ZeroDuration());
  EXPECT_EQ(ttl_of("0001"), absl::Milliseconds(100));
  EXPECT_EQ(ttl_of("0100"), absl::Milliseconds(25600));
  EXPECT_EQ(ttl_of("0290"), absl::Milliseconds(65600));
  EXPECT_EQ(ttl_of("ffff"), absl::Milliseconds(6553500));
}

// H-2, D-29, SEC-9: hb-ping-too-short-bug, hb-ping-context-too-long. 2 to 18 octets.
TEST(PingTest, DataHasTwoToEighteenOctets) {
  for (std::size_t size = 0; size <= 20; ++size) {
    const std::string data(size, 'x');
    const absl::StatusOr<Ping> ping = ParsePing(AsBytes(data));
    EXPECT_EQ(ping.ok(), size >= 2 && size <= 18) << size;
    if (ping.ok()) {
      EXPECT_EQ(ping->context.size(), size - 2);
    }
  }
}

// H-1: hb-ping-answered. The answer carries the same context.
TEST(PingTest, ContextComesBackInPong) {
  std::string out;
  AppendPing(&out, absl::Seconds(1), AsBytes("sixteen octets.."));
  const absl::StatusOr<Command> command = ParseCommand(BodyOf(out));
  ASSERT_TRUE(command.ok());
  ASSERT_EQ(command->name, command::kPing);
  const absl::StatusOr<Ping> ping = ParsePing(command->data);
  ASSERT_TRUE(ping.ok());
  EXPECT_EQ(ping->ttl, absl::Seconds(1));
  std::string pong;
  AppendPong(&pong, ping->context);
  EXPECT_EQ(pong, Hex("041504504f4e47") + "sixteen octets..");
}

// H-2: we send no context that a peer must refuse.
TEST(PingTest, LongerContextIsCut) {
  std::string out;
  AppendPing(&out, absl::ZeroDuration(), AsBytes(std::string(40, 'c')));
  const absl::StatusOr<Command> command = ParseCommand(BodyOf(out));
  ASSERT_TRUE(command.ok());
  EXPECT_TRUE(ParsePing(command->data).ok());
  EXPECT_EQ(command->data.size(), 18u);
}

// null-error-malformed, and a reason that leaves octets over.
TEST(ErrorTest, ReasonMustFillTheData) {
  EXPECT_FALSE(ParseErrorReason(Bytes()).ok());
  for (const std::string_view hex : {"", "01", "206f6f7073", "036f6f7073"}) {
    const std::string data = Hex(hex);
    EXPECT_FALSE(ParseErrorReason(AsBytes(data)).ok()) << hex;
  }
  const std::string good = Hex("046f6f7073");
  EXPECT_EQ(*ParseErrorReason(AsBytes(good)), "oops");
}

// Section 11: an empty reason is legal; an untrusted one comes as it is, for the caller to escape.
TEST(ErrorTest, AnyReasonComesThrough) {
  const std::string empty(1, '\0');
  EXPECT_EQ(*ParseErrorReason(AsBytes(empty)), "");
  const std::string wild = std::string("\x04\x1b[2J", 5);
  EXPECT_EQ(*ParseErrorReason(AsBytes(wild)), "\x1b[2J");
}

TEST(ErrorTest, ReasonIsCutTo255Octets) {
  for (const std::size_t size : {0u, 3u, 255u, 256u, 1000u}) {
    std::string out;
    AppendError(&out, std::string(size, 'r'));
    const absl::StatusOr<Command> command = ParseCommand(BodyOf(out));
    ASSERT_TRUE(command.ok());
    EXPECT_EQ(command->name, command::kError);
    const absl::StatusOr<std::string_view> reason = ParseErrorReason(command->data);
    ASSERT_TRUE(reason.ok());
    EXPECT_EQ(reason->size(), size < 255 ? size : 255) << size;
  }
}

// J-1, J-3, D-27: up to 255 octets, none of them zero.
TEST(GroupTest, LengthAndOctets) {
  EXPECT_EQ(*ParseGroup({}), "");
  const std::string longest(255, '\xff');
  EXPECT_EQ(*ParseGroup(AsBytes(longest)), longest);
  EXPECT_FALSE(ParseGroup(AsBytes(std::string(256, 'g'))).ok());
  EXPECT_FALSE(ParseGroup(AsBytes(std::string("a\0b", 3))).ok());
}

}  // namespace
}  // namespace monocoque
