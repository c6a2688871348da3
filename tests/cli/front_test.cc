#include "cli/front.h"

#include <string>

#include "cli/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::cli {
namespace {

using ::testing::HasSubstr;

Message Line(std::string_view line) { return *ParseLine(line); }

TEST(FrontTest, ThereAndBack) {
  for (const Front front :
       {Front::kNothing, Front::kRoutingId, Front::kRoutingNumber, Front::kGroup}) {
    for (const char* text : {"4294967295\tx", "7\t", "7\ta\tb"}) {
      Message message = Line(text);
      ASSERT_TRUE(TakeFront(front, &message).ok()) << text;
      ShowFront(front, &message);
      EXPECT_EQ(FormatLine(message, Format::kText), text);
    }
  }
}

TEST(FrontTest, TheFirstPartSaysWhere) {
  Message number = Line("258\tbody");
  ASSERT_TRUE(TakeFront(Front::kRoutingNumber, &number).ok());
  EXPECT_EQ(number.routing_number(), 258u);
  EXPECT_EQ(number.text(), "body");
  EXPECT_FALSE(number.multipart());
  Message group = Line("\tbody");
  ASSERT_TRUE(TakeFront(Front::kGroup, &group).ok()) << "a group may be empty";
  EXPECT_EQ(AsText(group.group()), "");
  EXPECT_EQ(group.text(), "body");
}

TEST(FrontTest, WhatIsWantedIsSaid) {
  const struct {
    Front front;
    std::string line;
    const char* says;
  } cases[] = {
      {Front::kRoutingId, "alone", "wants the destination's routing id, a tab, and a message"},
      {Front::kRoutingId, "\tx", "wants the destination's routing id"},
      {Front::kRoutingNumber, "12", "wants the peer's routing number, a tab, and a message"},
      {Front::kRoutingNumber, "0\tx", "in front, not \"0\""},
      {Front::kRoutingNumber, "+1\tx", "in front, not \"+1\""},
      {Front::kRoutingNumber, "4294967296\tx", "not \"4294967296\""},
      {Front::kRoutingNumber, "\\x1b[1m\tx", "not \"\\x1b[1m\""},
      {Front::kRoutingNumber, "\tx", "not \"\""},
      {Front::kGroup, "alone", "wants a group, a tab, and a message"},
      {Front::kGroup, "a\\x00b\tx", "none of them zero"},
      {Front::kGroup, std::string(256, 'g') + "\tx", "at most 255 octets"},
  };
  for (const auto& c : cases) {
    Message message = Line(c.line);
    const absl::Status taken = TakeFront(c.front, &message);
    EXPECT_FALSE(taken.ok()) << c.line;
    EXPECT_THAT(std::string(taken.message()), HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace monocoque::cli
