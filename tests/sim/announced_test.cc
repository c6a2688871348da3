#include "tests/sim/announced.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/wire/command.h"

namespace monocoque::testing {
namespace {

constexpr std::uint64_t kAll = 1'000'000;

// A subscriber's stream, as it grows.
class AnnouncedTest : public ::testing::Test {
 protected:
  AnnouncedTest() { Say(std::string(64, 'g')); }

  void Say(std::string_view octets) {
    announced_.Feed(octets);
    said_ += octets.size();
  }
  void SayCommand(std::string_view name, std::string_view data) {
    std::string frame;
    AppendCommand(&frame, name, AsBytes(data));
    Say(frame);
  }

  Announced announced_;
  std::uint64_t said_ = 0;
};

TEST_F(AnnouncedTest, NothingIsWantedAtFirst) {
  SayCommand(command::kReady, "");
  EXPECT_FALSE(announced_.wants("aa", kAll));
}

// A box whose content is shown: inner flags, and what it is.
TEST_F(AnnouncedTest, InABox) {
  const auto say = [this](char flags, std::string_view data) {
    const std::string body = "\7MESSAGE" + std::string(24, 'n') + flags + std::string(data);
    Say(std::string{0, static_cast<char>(body.size())} + body);
  };
  std::string frame;
  AppendCommand(&frame, command::kSubscribe, AsBytes("a"));
  say(0, frame.substr(2));  // a message that looks like it
  EXPECT_FALSE(announced_.wants("aa", kAll));
  say(2, frame.substr(2));
  EXPECT_TRUE(announced_.wants("aa", kAll));
  EXPECT_FALSE(announced_.wants("aa", said_ - 1));
}

TEST_F(AnnouncedTest, APrefixUntilItIsCancelled) {
  SayCommand(command::kSubscribe, "a");
  SayCommand(command::kSubscribe, "a");  // of a set
  EXPECT_TRUE(announced_.wants("aa", kAll));
  EXPECT_FALSE(announced_.wants("ba", kAll));
  SayCommand(command::kSubscribe, "");
  EXPECT_TRUE(announced_.wants("ba", kAll));
  SayCommand(command::kCancel, "a");
  EXPECT_TRUE(announced_.wants("aa", kAll));
  SayCommand(command::kCancel, "");
  EXPECT_FALSE(announced_.wants("aa", kAll));
}

TEST_F(AnnouncedTest, AGroupIsNoPrefix) {
  SayCommand(command::kJoin, "a");
  EXPECT_FALSE(announced_.wants("aa", kAll));
  SayCommand(command::kJoin, "aa");
  EXPECT_TRUE(announced_.wants("aa", kAll));
  SayCommand(command::kLeave, "aa");
  EXPECT_FALSE(announced_.wants("aa", kAll));
}

// It is known to whoever read its last octet.
TEST_F(AnnouncedTest, KnownOnceItIsRead) {
  SayCommand(command::kSubscribe, "a");
  const std::uint64_t subscribed = said_;
  SayCommand(command::kCancel, "a");
  EXPECT_FALSE(announced_.wants("aa", subscribed - 1));
  EXPECT_TRUE(announced_.wants("aa", subscribed));
  EXPECT_TRUE(announced_.wants("aa", said_ - 1));
  EXPECT_FALSE(announced_.wants("aa", said_));
}

// Messages are between, short and long ones, and it all comes in pieces.
TEST(AnnouncedPiecesTest, AnyPieces) {
  std::string stream(64, 'g');
  stream += std::string("\x00\x02xy", 4);
  stream += std::string("\x02\x00\x00\x00\x00\x00\x00\x01\x00", 9) + std::string(256, '\x04');
  AppendCommand(&stream, command::kSubscribe, AsBytes("a"));
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Announced announced;
    for (std::string_view left = stream; !left.empty();) {
      announced.Feed(left.substr(0, piece));
      left.remove_prefix(std::min(piece, left.size()));
    }
    EXPECT_FALSE(announced.wants("aa", stream.size() - 1)) << piece;
    EXPECT_TRUE(announced.wants("aa", stream.size())) << piece;
  }
}

TEST_F(AnnouncedTest, WhatIsNoZmtpEndsIt) {
  Say("\xff\xff");
  SayCommand(command::kSubscribe, "a");
  EXPECT_FALSE(announced_.wants("aa", kAll));
}

}  // namespace
}  // namespace monocoque::testing
