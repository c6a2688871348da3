#include "protocol/mechanism/z85.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using ::testing::HasSubstr;

struct Sample {
  std::string_view octets, text;
};

// RFC 32's own, the ends of what four octets hold, and keys that libzmq wrote.
constexpr Sample kSamples[] = {
    {"", ""},
    {"864fd26fb559f75b", "HelloWorld"},
    {"00000000", "00000"},
    {"ffffffff", "%nSc0"},
    {"8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f",
     "K3HW^WVq.zo69t)(umF>:XvwTj:QGN^yKlWaVH(S"},
    {"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
     "ar.{NbQB=+c[cR@eg&FcfFLssg=mfIi5%2YjuU>)"},
};

TEST(Z85Test, OctetsAndTextStandForEachOther) {
  for (const Sample& sample : kSamples) {
    const std::string octets = Hex(sample.octets);
    EXPECT_EQ(*EncodeZ85(AsBytes(octets)), sample.text);
    EXPECT_EQ(*ParseZ85(sample.text), octets) << sample.text;
  }
}

TEST(Z85Test, FillsWhatIsAskedFor) {
  std::array<std::uint8_t, 8> out;
  ASSERT_TRUE(ParseZ85("HelloWorld", out).ok());
  EXPECT_EQ(AsText(out), Hex("864fd26fb559f75b"));
  EXPECT_FALSE(ParseZ85("Hello", out).ok());
  EXPECT_FALSE(ParseZ85("HelloWorldHello", out).ok());
}

TEST(Z85Test, NoOtherLengths) {
  for (const std::string_view octets : {"x", "xx", "xxx", "xxxxx"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(EncodeZ85(AsBytes(octets)).status())) << octets;
  }
  for (const std::string_view text : {"0", "0000", "000000"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseZ85(text).status())) << text;
  }
}

// Each octet that is no character of the alphabet, in each place.
TEST(Z85Test, NoForeignCharacters) {
  int foreign = 0;
  for (int octet = 0; octet < 256; ++octet) {
    std::string text = "00000";
    text[4] = static_cast<char>(octet);
    if (ParseZ85(text).ok()) continue;
    ++foreign;
    for (std::size_t place = 0; place < 5; ++place) {
      text = "00000";
      text[place] = static_cast<char>(octet);
      EXPECT_FALSE(ParseZ85(text).ok()) << octet << " in place " << place;
    }
  }
  EXPECT_EQ(foreign, 256 - 85);
}

TEST(Z85Test, NoGroupBeyond32Bits) {
  EXPECT_TRUE(ParseZ85("%nSc0").ok());
  EXPECT_FALSE(ParseZ85("%nSc1").ok());
  EXPECT_FALSE(ParseZ85("#####").ok());
}

// A key that was mistyped stays off the log.
TEST(Z85Test, SentencesSayWhereAndShowNothing) {
  const std::string where(ParseZ85("Hello,orld").status().message());
  EXPECT_THAT(where, HasSubstr("behind character 5"));
  std::array<std::uint8_t, 8> out;
  EXPECT_THAT(std::string(ParseZ85("HelloW,rld", out).message()), HasSubstr("character 7"));
  for (const std::string_view text : {"Hello,orld", "Hello#####", "Hello"}) {
    const std::string sentence(ParseZ85(text, out).message());
    EXPECT_EQ(sentence.find("Hello"), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find("##"), std::string::npos) << sentence;
  }
}

}  // namespace
}  // namespace monocoque
