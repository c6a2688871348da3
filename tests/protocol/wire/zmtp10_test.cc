#include "protocol/wire/zmtp10.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::ToHex;

FrameParse Parse(std::string_view hex, FrameHeader* out) {
  const std::string octets = Hex(hex);
  return zmtp10::ParseFrameHeader(AsBytes(octets), out);
}

// RFC 13: the length counts the flags; either form for any size.
TEST(Zmtp10Test, Headers) {
  struct Case {
    std::string_view hex;
    std::size_t header_bytes;
    std::uint64_t body_bytes;
    bool more;
  };
  for (const Case& c :
       {Case{"0100", 2, 0, false}, Case{"0401", 2, 3, true}, Case{"fe00", 2, 253, false},
        Case{"ff000000000000000100", 10, 0, false}, Case{"ff00000000000000ff01", 10, 254, true},
        Case{"ff7fffffffffffffff00", 10, (std::uint64_t{1} << 63) - 2, false}}) {
    FrameHeader header;
    ASSERT_EQ(Parse(c.hex, &header), FrameParse::kOk) << c.hex;
    EXPECT_EQ(header.header_bytes, c.header_bytes);
    EXPECT_EQ(header.body_bytes, c.body_bytes);
    EXPECT_EQ(header.more(), c.more);
    // Each octet is needed.
    EXPECT_EQ(Parse(c.hex.substr(0, c.hex.size() - 2), &header), FrameParse::kNeedMore) << c.hex;
  }
}

// ver-1.0-flags-reserved: bits beside MORE are not looked at, and are none of a later version.
TEST(Zmtp10Test, OtherFlagsAreDropped) {
  FrameHeader header;
  ASSERT_EQ(Parse("04fe", &header), FrameParse::kOk);
  EXPECT_EQ(header.flags, 0);
  ASSERT_EQ(Parse("04ff", &header), FrameParse::kOk);
  EXPECT_EQ(header.flags, frame::kMore);
}

// ver-1.0-zero-length: known before the flags are there. F-5.
TEST(Zmtp10Test, ImpossibleLengths) {
  FrameHeader header;
  EXPECT_EQ(Parse("00", &header), FrameParse::kZeroLength);
  EXPECT_EQ(Parse("ff0000000000000000", &header), FrameParse::kZeroLength);
  EXPECT_EQ(Parse("ff8000000000000000", &header), FrameParse::kSizeTooLarge);
  EXPECT_EQ(Parse("ffffffffffffffffff", &header), FrameParse::kSizeTooLarge);
}

// RFC 13: short up to a body of 253, long beyond; what is written reads back.
TEST(Zmtp10Test, EncodedHeadersReadBack) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{253}, std::uint64_t{254},
        std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{1} << 40}) {
    for (const bool more : {false, true}) {
      std::array<std::uint8_t, zmtp10::kLongHeaderBytes> out;
      const std::size_t bytes = zmtp10::EncodeFrameHeader(more, size, out);
      EXPECT_EQ(bytes, size < 254 ? 2u : 10u);
      EXPECT_EQ(bytes, zmtp10::FrameHeaderBytes(size));
      FrameHeader header;
      ASSERT_EQ(zmtp10::ParseFrameHeader(Bytes(out).first(bytes), &header), FrameParse::kOk);
      EXPECT_EQ(header.body_bytes, size);
      EXPECT_EQ(header.more(), more);
    }
  }
}

std::string Encoded(const Message& message, std::string_view prefix_hex = "") {
  const std::string prefix = Hex(prefix_hex);
  const std::size_t size = zmtp10::MessageBytes(message, AsBytes(prefix));
  std::array<std::uint8_t, 1024> room;
  EXPECT_EQ(zmtp10::EncodeMessage(message, AsBytes(prefix), room), size);
  return ToHex(AsText(Bytes(room).first(size)));
}

// Parts and an envelope come in the wire form of 2.0 and leave in that of 1.0.
TEST(Zmtp10Test, MessagesAreWrittenAnew) {
  EXPECT_EQ(Encoded(Message("abc")), "0400616263");
  EXPECT_EQ(Encoded(Message("")), "0100");
  EXPECT_EQ(Encoded(Message({"a", "", "bc"})),
            "020161"
            "0101"
            "03006263");
  EXPECT_EQ(Encoded(Message("b"),
                    "01026964"
                    "0100"),
            "03016964"
            "0101"
            "020062");
  EXPECT_EQ(Encoded(Message({"b", "c"}), "0100"),
            "0101"
            "020162"
            "020063");
  const std::string large(254, 'x');
  EXPECT_EQ(Encoded(Message({large, large})),
            "ff00000000000000ff01" + ToHex(large) + "ff00000000000000ff00" + ToHex(large));
}

}  // namespace
}  // namespace monocoque
