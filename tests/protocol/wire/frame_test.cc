#include "protocol/wire/frame.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::ToHex;

constexpr std::uint64_t kLargestBody = std::numeric_limits<std::uint64_t>::max() >> 1;

FrameParse Parse(std::string_view hex, FrameHeader* out) {
  const std::string octets = Hex(hex);
  return ParseFrameHeader(AsBytes(octets), out);
}

FrameParse Judge(std::string_view hex) {
  FrameHeader header;
  return Parse(hex, &header);
}

// The header as hex. What lies behind it in the buffer must stay as it was.
std::string Encoded(std::uint8_t flags, std::uint64_t body_bytes) {
  std::array<std::uint8_t, frame::kLongHeaderBytes + 2> out;
  out.fill(0xee);
  const std::size_t size = EncodeFrameHeader(flags, body_bytes, out);
  EXPECT_LE(size, frame::kLongHeaderBytes);
  for (std::size_t i = size; i < out.size(); ++i) EXPECT_EQ(out[i], 0xee) << i;
  return ToHex(AsText(Bytes(out).first(size)));
}

// F-2, frame-sizes: the largest short body has 255 octets, the smallest long one 256.
TEST(FrameTest, BodiesUpTo255OctetsAreSentShortAndLongerOnesLong) {
  EXPECT_EQ(Encoded(0, 0), "0000");
  EXPECT_EQ(Encoded(0, 1), "0001");
  EXPECT_EQ(Encoded(0, 254), "00fe");
  EXPECT_EQ(Encoded(0, 255), "00ff");
  EXPECT_EQ(Encoded(0, 256), "020000000000000100");
  EXPECT_EQ(Encoded(0, 65536), "020000000000010000");
}

// F-4: LONG comes from the size alone, whatever kind of frame it is.
TEST(FrameTest, LongIsSetFromTheSizeAndTheOtherFlagsAreKept) {
  EXPECT_EQ(Encoded(frame::kMore, 255), "01ff");
  EXPECT_EQ(Encoded(frame::kMore, 256), "030000000000000100");
  EXPECT_EQ(Encoded(frame::kCommand, 255), "04ff");
  EXPECT_EQ(Encoded(frame::kCommand, 256), "060000000000000100");
}

// The size is in network order, each of its octets in its place.
TEST(FrameTest, TheLongSizeIsSentMostSignificantOctetFirst) {
  EXPECT_EQ(Encoded(0, 0x0102030405060708), "020102030405060708");
  EXPECT_EQ(Encoded(0, kLargestBody), "027fffffffffffffff");
}

TEST(FrameTest, HeaderBytesTellWhatEncodingTakes) {
  static_assert(FrameHeaderBytes(0) == 2);
  static_assert(FrameHeaderBytes(255) == 2);
  static_assert(FrameHeaderBytes(256) == 9);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256},
                                   std::uint64_t{1} << 32, kLargestBody}) {
    EXPECT_EQ(Encoded(0, size).size(), 2 * FrameHeaderBytes(size)) << size;
  }
}

// F-1: the size is the body's, without the header.
TEST(FrameTest, AShortHeaderGivesFlagsAndTheSizeOfTheBody) {
  FrameHeader header;
  ASSERT_EQ(Parse("01ff", &header), FrameParse::kOk);
  EXPECT_TRUE(header.more());
  EXPECT_FALSE(header.command());
  EXPECT_EQ(header.header_bytes, 2u);
  EXPECT_EQ(header.body_bytes, 255u);
  ASSERT_EQ(Parse("0405", &header), FrameParse::kOk);
  EXPECT_FALSE(header.more());
  EXPECT_TRUE(header.command());
  EXPECT_EQ(header.body_bytes, 5u);
  ASSERT_EQ(Parse("0000", &header), FrameParse::kOk);
  EXPECT_FALSE(header.more());
  EXPECT_FALSE(header.command());
  EXPECT_EQ(header.body_bytes, 0u);
}

TEST(FrameTest, ALongHeaderGivesFlagsAndTheSizeOfTheBody) {
  FrameHeader header;
  ASSERT_EQ(Parse("030102030405060708", &header), FrameParse::kOk);
  EXPECT_TRUE(header.more());
  EXPECT_FALSE(header.command());
  EXPECT_EQ(header.header_bytes, 9u);
  EXPECT_EQ(header.body_bytes, 0x0102030405060708u);
  ASSERT_EQ(Parse("060000000000000100", &header), FrameParse::kOk);
  EXPECT_FALSE(header.more());
  EXPECT_TRUE(header.command());
  EXPECT_EQ(header.body_bytes, 256u);
}

// F-3: frame-long-form-for-short-body.
TEST(FrameTest, ALongHeaderIsAcceptedForAnyBody) {
  for (const std::string_view hex :
       {"020000000000000000", "020000000000000001", "0200000000000000ff"}) {
    FrameHeader header;
    ASSERT_EQ(Parse(hex, &header), FrameParse::kOk) << hex;
    EXPECT_EQ(header.header_bytes, 9u) << hex;
    EXPECT_LE(header.body_bytes, 255u) << hex;
  }
}

TEST(FrameTest, OctetsBehindTheHeaderAreNotLookedAt) {
  FrameHeader header;
  ASSERT_EQ(Parse("0002ffff0501", &header), FrameParse::kOk);
  EXPECT_EQ(header.header_bytes, 2u);
  EXPECT_EQ(header.body_bytes, 2u);
  ASSERT_EQ(Parse("020000000000000100ffff", &header), FrameParse::kOk);
  EXPECT_EQ(header.header_bytes, 9u);
  EXPECT_EQ(header.body_bytes, 256u);
}

// A stream may be cut anywhere: no prefix of a header is taken for one, and none is refused.
TEST(FrameTest, EveryPrefixOfAHeaderAsksForMore) {
  for (const std::string_view hex :
       {"00ff", "0105", "0405", "02ffffffffffffffff", "030000000000000100", "067fffffffffffffff"}) {
    for (std::size_t octets = 0; 2 * octets < hex.size(); ++octets) {
      EXPECT_EQ(Judge(hex.substr(0, 2 * octets)), FrameParse::kNeedMore) << hex << " at " << octets;
    }
    EXPECT_NE(Judge(hex), FrameParse::kNeedMore) << hex;
  }
}

// F-5, frame-size-over-63-bits.
TEST(FrameTest, TheTopBitOfALongSizeIsRefused) {
  FrameHeader header;
  ASSERT_EQ(Parse("027fffffffffffffff", &header), FrameParse::kOk);
  EXPECT_EQ(header.body_bytes, kLargestBody);
  EXPECT_EQ(Judge("028000000000000000"), FrameParse::kSizeTooLarge);
  EXPECT_EQ(Judge("038000000000000001"), FrameParse::kSizeTooLarge);
  EXPECT_EQ(Judge("06ffffffffffffffff"), FrameParse::kSizeTooLarge);
  // The one octet of a short size has no such bit.
  EXPECT_EQ(Judge("0080"), FrameParse::kOk);
}

// F-6, F-7: of the 256 first octets six are legal, and a refusal waits for nothing behind them.
TEST(FrameTest, FlagsAreJudgedByTheirOctetAlone) {
  for (unsigned value = 0; value < 256; ++value) {
    const std::array<std::uint8_t, 1> octet = {static_cast<std::uint8_t>(value)};
    FrameHeader header;
    const FrameParse got = ParseFrameHeader(octet, &header);
    if (value >= 8) {
      EXPECT_EQ(got, FrameParse::kReservedFlags) << value;
    } else if (value == 5 || value == 7) {
      EXPECT_EQ(got, FrameParse::kMoreOnCommand) << value;
    } else {
      EXPECT_EQ(got, FrameParse::kNeedMore) << value;
    }
  }
}

// F-6, frame-reserved-bits: each bit for itself, also when the rest of the frame is complete.
TEST(FrameTest, EachReservedBitIsRefused) {
  for (const std::string_view hex : {"0800", "1000", "2000", "4000", "8000", "0c00", "ff00"}) {
    EXPECT_EQ(Judge(hex), FrameParse::kReservedFlags) << hex;
  }
}

// F-7, frame-command-with-more.
TEST(FrameTest, ACommandWithMoreIsRefused) {
  EXPECT_EQ(Judge("050550"), FrameParse::kMoreOnCommand);
  EXPECT_EQ(Judge("070000000000000100"), FrameParse::kMoreOnCommand);
  EXPECT_EQ(Judge("0400"), FrameParse::kOk);
  EXPECT_EQ(Judge("0100"), FrameParse::kOk);
}

// F-1, F-2, F-6: what is written is what is read, for every legal kind of frame.
TEST(FrameTest, HeadersSurviveTheRoundTrip) {
  for (const std::uint8_t flags : {std::uint8_t{0}, frame::kMore, frame::kCommand}) {
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256},
          std::uint64_t{65535}, std::uint64_t{1} << 40, kLargestBody}) {
      FrameHeader header;
      ASSERT_EQ(Parse(Encoded(flags, size), &header), FrameParse::kOk) << size;
      EXPECT_EQ(header.body_bytes, size);
      EXPECT_EQ(header.header_bytes, FrameHeaderBytes(size));
      EXPECT_EQ(header.more(), flags == frame::kMore);
      EXPECT_EQ(header.command(), flags == frame::kCommand);
    }
  }
}

}  // namespace
}  // namespace monocoque
