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
  EXPECT_EQ(FormatLine(m, Format::kJson), R"({"parts":["one","","two\t\\"]})");
  EXPECT_EQ(FormatLine(*ParseLine("say \"hi\""), Format::kJson), R"({"parts":["say \"hi\""]})");
  EXPECT_EQ(ParseLine("")->part_count(), 1u);
}

// One part, and in front of it whom it is for.
TEST(TextTest, Raw) {
  const std::string all("\\q\t\x00\xff\r", 6);
  for (const bool front : {false, true}) {
    const std::string line = (front ? "\\x01id\t" : "") + all;
    const Message m = *ParseRaw(line, front);
    ASSERT_EQ(m.part_count(), front ? 2u : 1u);
    EXPECT_TRUE(!front || m[0].text() == "\x01id");
    EXPECT_EQ(m[m.part_count() - 1].text(), all);
    EXPECT_EQ(FormatRaw(m, front), line);
  }
  EXPECT_EQ(ParseRaw("id", true)->part_count(), 1u);
  EXPECT_EQ(ParseRaw("", false)->part_count(), 1u);
  EXPECT_FALSE(ParseRaw("\\q\t", true).ok());
  EXPECT_EQ(FormatRaw(*ParseLine("one\t\\x01"), false), "one\t\x01");
}

// JSON's strings are text; what is none is no string.
TEST(TextTest, JsonShowsUtf8AsItIs) {
  const struct {
    std::string part;
    std::string shown;
  } cases[] = {
      {"h\xc3\xa9llo", "\"h\xc3\xa9llo\""},
      {"\xe2\x82\xac \xf0\x9f\x8e\xba", "\"\xe2\x82\xac \xf0\x9f\x8e\xba\""},
      {"\"\\/", R"("\"\\/")"},
      {std::string("\0\x01\x1b\x1f\x7f", 5), R"("\u0000\u0001\u001b\u001f\u007f")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      // Terminals take it for an escape.
      {"\xc2\x9b", R"("\u009b")"},
      // Cut, overlong, a surrogate, too large, and octets that begin nothing.
      {"h\xc3", R"({"hex":"68c3"})"},
      {"\xc0\x80", R"({"hex":"c080"})"},
      {"\xe0\x80\x80", R"({"hex":"e08080"})"},
      {"\xed\xa0\x80", R"({"hex":"eda080"})"},
      {"\xf4\x90\x80\x80", R"({"hex":"f4908080"})"},
      {"\xf0\x8f\xbf\xbf", R"({"hex":"f08fbfbf"})"},
      {"\x80", R"({"hex":"80"})"},
      {"\xff", R"({"hex":"ff"})"},
      {"\xc3h", R"({"hex":"c368"})"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(FormatLine(Message(c.part), Format::kJson), "{\"parts\":[" + c.shown + "]}");
  }
}

}  // namespace
}  // namespace monocoque::cli
