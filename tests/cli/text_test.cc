#include "cli/text.h"

#include <string>

#include "gtest/gtest.h"

namespace monocoque::cli {
namespace {

TEST(TextTest, EveryOctetComesBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::string shown = Escape(all);
  for (char c : shown) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
  EXPECT_EQ(*Unescape(shown), all);
}

TEST(TextTest, EscapesAsPromised) {
  EXPECT_EQ(Escape("a\\b\tc\nd\x01\x7f\xff \""), "a\\\\b\\tc\\nd\\x01\\x7f\\xff \"");
}

TEST(TextTest, BadEscapesAreErrors) {
  for (const char* bad : {"\\", "\\q", "\\x", "\\x1", "\\xg0", "\\x0g", "\\X00", "\\xAB", "a\\"}) {
    EXPECT_FALSE(Unescape(bad).ok()) << bad;
  }
}

TEST(TextTest, LinesAndFormats) {
  const Message m = *ParseLine("one\t\ttwo\\t\\\\");
  ASSERT_EQ(m.part_count(), 3u);
  EXPECT_EQ(m[2].text(), "two\t\\");
  EXPECT_EQ(FormatLine(m, Format::kText), "one\t\ttwo\\t\\\\");
  EXPECT_EQ(FormatLine(m, Format::kHex), "6f6e65\t\t74776f095c");
  EXPECT_EQ(FormatLine(m, Format::kJson), R"({"parts":["one","","two\\t\\\\"]})");
  EXPECT_EQ(FormatLine(*ParseLine("say \"hi\""), Format::kJson), R"({"parts":["say \"hi\""]})");
  EXPECT_EQ(ParseLine("")->part_count(), 1u);
}

}  // namespace
}  // namespace monocoque::cli
