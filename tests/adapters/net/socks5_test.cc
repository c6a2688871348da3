#include "adapters/net/socks5.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "alloc/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::net {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;
using namespace std::string_view_literals;

// What the client says, in its order, over a proxy that answers so, octets written and read at most
// `step` at a time.
struct Talk {
  Talk(Socks5* client, std::string_view answers, std::size_t step) {
    while (client->status().ok() && !client->done()) {
      if (!client->output().empty()) {
        const std::size_t count = std::min(step, client->output().size());
        said += AsText(client->output().first(count));
        client->Sent(count);
        continue;
      }
      const std::size_t count = std::min({step, client->wanted(), answers.size()});
      if (count == 0) break;
      EXPECT_EQ(client->Receive(AsBytes(answers.substr(0, count))), count);
      answers.remove_prefix(count);
    }
    left = answers;
  }
  std::string said;
  std::string left;
};

constexpr std::string_view kBound = "\0\1\x7f\0\0\1\x04\x38"sv;

std::string Welcome(std::string_view behind) {
  return "\5\0\5\0"s + std::string(kBound) + std::string(behind);
}

// RFC 1928, 3 to 6: the octets, however they are cut, and not one more is taken.
TEST(Socks5Test, ANameGoesUnresolved) {
  for (std::size_t step = 1; step < 30; ++step) {
    Socks5 client("example.org", 0x1234, "", "");
    const Talk talk(&client, Welcome("the peer's"), step);
    EXPECT_TRUE(client.done()) << client.status();
    EXPECT_EQ(talk.said, "\5\1\0\5\1\0\3\x0b"s + "example.org\x12\x34") << step;
    EXPECT_EQ(talk.left, "the peer's");
    EXPECT_EQ(client.wanted(), 0u);
    EXPECT_EQ(client.Receive(AsBytes("more")), 0u);
  }
}

TEST(Socks5Test, AddressesGoAsAddresses) {
  Socks5 v4("192.168.1.2", 80, "", "");
  EXPECT_THAT(Talk(&v4, Welcome(""), 9).said, HasSubstr("\5\1\0\1\xc0\xa8\1\2\0\x50"s));
  Socks5 v6("::1", 80, "", "");
  EXPECT_THAT(Talk(&v6, Welcome(""), 9).said,
              HasSubstr("\5\1\0\4"s + std::string(15, '\0') + "\1\0\x50"s));
}

// RFC 1929.
TEST(Socks5Test, NameAndPassword) {
  for (std::size_t step = 1; step < 20; ++step) {
    Socks5 client("h", 1, "user", "secret");
    const Talk talk(&client, "\5\2\1\0"s + Welcome("x").substr(2), step);
    EXPECT_TRUE(client.done()) << client.status();
    EXPECT_EQ(talk.said, "\5\2\0\2\1\4user\6secret\5\1\0\3\1h\0\1"s) << step;
    EXPECT_EQ(talk.left, "x");
  }
  Socks5 unasked("h", 1, "user", "secret");
  EXPECT_THAT(Talk(&unasked, Welcome(""), 99).said, ::testing::Not(HasSubstr("secret")));
  EXPECT_TRUE(unasked.done());
  Socks5 wrong("h", 1, "user", "secret");
  const Talk refused(&wrong, "\5\2\1\1"sv, 99);
  EXPECT_TRUE(absl::IsPermissionDenied(wrong.status()));
  EXPECT_THAT(std::string(wrong.status().message()), ::testing::Not(HasSubstr("secret")));
}

// The address that a proxy connects from may have any of three forms.
TEST(Socks5Test, EveryFormOfAnAnswer) {
  const std::string v6 = "\5\0\5\0\0\4"s + std::string(16, 'a') + "pp";
  const std::string name = "\5\0\5\0\0\3\xff"s + std::string(255, 'n') + "pp";
  const std::string empty = "\5\0\5\0\0\3\0pp"s;
  for (const std::string& answer : {v6, name, empty}) {
    for (const std::size_t step : {1u, 7u, 999u}) {
      Socks5 client("h", 1, "", "");
      const Talk talk(&client, answer + "!", step);
      EXPECT_TRUE(client.done());
      EXPECT_EQ(talk.left, "!");
    }
  }
}

TEST(Socks5Test, EachRefusalIsASentence) {
  std::vector<std::string> sentences;
  for (int code = 1; code < 256; ++code) {
    Socks5 client("h", 1, "", "");
    const Talk talk(&client, "\5\0\5"s + static_cast<char>(code), 99);
    EXPECT_FALSE(client.done());
    ASSERT_FALSE(client.status().ok()) << code;
    EXPECT_EQ(client.wanted(), 0u);
    sentences.emplace_back(client.status().message());
  }
  std::ranges::sort(sentences);
  EXPECT_EQ(std::ranges::adjacent_find(sentences), sentences.end()) << "no two are the same";
}

TEST(Socks5Test, WhatIsNoProxyIsFoundOut) {
  for (const std::string_view answer :
       {"HTTP/1.1 400 Bad Request"sv, "\4\0"sv, "\5\7"sv, "\5\0\4\0"sv, "\5\0\5\0\0\2x"sv}) {
    Socks5 client("h", 1, "", "");
    const Talk talk(&client, answer, 3);
    EXPECT_TRUE(absl::IsInvalidArgument(client.status())) << client.status();
  }
  for (const std::string_view unwilling : {"\5\xff"sv, "\5\2"sv}) {
    Socks5 client("h", 1, "", "");
    const Talk talk(&client, unwilling, 9);
    EXPECT_THAT(std::string(client.status().message()), HasSubstr("socks_username"));
  }
}

}  // namespace
}  // namespace monocoque::net
