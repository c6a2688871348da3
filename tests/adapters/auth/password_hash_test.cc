#include "adapters/auth/password_hash.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/scarce_memory.h"

namespace monocoque {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// As little as libsodium lets a hash cost.
constexpr PasswordCost kCheap = {.passes = 1, .memory_bytes = 8192};

std::string Hash(std::string_view password) { return *HashPassword(password, kCheap); }

TEST(PasswordHashTest, OnlyThePasswordFits) {
  const std::string hash = Hash("swordfish");
  EXPECT_THAT(hash, StartsWith("$argon2id$"));
  EXPECT_THAT(hash, Not(HasSubstr("swordfish")));
  EXPECT_NE(hash, Hash("swordfish")) << "a salt of its own";
  EXPECT_EQ(CheckPassword(hash, "swordfish"), PasswordCheck::kFits);
  for (const char* other : {"", "swordfis", "swordfish ", "Swordfish"}) {
    EXPECT_EQ(CheckPassword(hash, other), PasswordCheck::kDiffers) << other;
  }
  EXPECT_EQ(CheckPassword(Hash(""), ""), PasswordCheck::kFits);
  const std::string zero("a\0b", 3);
  EXPECT_EQ(CheckPassword(Hash(zero), zero), PasswordCheck::kFits);
  EXPECT_EQ(CheckPassword(Hash(zero), "a"), PasswordCheck::kDiffers);
}

// Made by the reference implementation, with several lanes, a shorter salt, a shorter hash, and the
// older kind.
TEST(PasswordHashTest, HashesOfOtherMakers) {
  for (const char* hash :
       {"$argon2id$v=19$m=64,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$"
        "9uX0JMxrCBVI18FzBREFvGXqdJocdc0bCKRC7Pdua78",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lGfVON6LV3YR6O4KsdvZfwH0iuazCJmtSAmLZhagBDk",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$nVL9brrFsmc9SDRgi5T+Wg",
        "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
        "yWPKoiVcbsxA1m7LD59B+cEOtRJurDfU9rkge1fPhHA"}) {
    EXPECT_EQ(CheckPassword(hash, "right"), PasswordCheck::kFits) << hash;
    EXPECT_EQ(CheckPassword(hash, "wrong"), PasswordCheck::kDiffers) << hash;
  }
}

// Without the memory that the hash costs nobody can say whether a password fits.
TEST(PasswordHashTest, LackOfMemoryIsNoWrongPassword) {
  const std::string hash = *HashPassword("right", {.passes = 1, .memory_bytes = 64 << 20});
  {
    const testing::ScarceMemory scarce(16 << 20);
    EXPECT_EQ(CheckPassword(hash, "right"), PasswordCheck::kNoMemory);
    EXPECT_EQ(CheckPassword(hash, "wrong"), PasswordCheck::kNoMemory);
    EXPECT_TRUE(absl::IsResourceExhausted(
        HashPassword("right", {.passes = 1, .memory_bytes = 64 << 20}).status()));
  }
  EXPECT_EQ(CheckPassword(hash, "right"), PasswordCheck::kFits);
  EXPECT_EQ(CheckPassword(hash, "wrong"), PasswordCheck::kDiffers);
}

TEST(PasswordHashTest, TheCostIsWhatWasAskedFor) {
  EXPECT_THAT(Hash("x"), HasSubstr("m=8,t=1,p=1"));
  EXPECT_THAT(*HashPassword("x"), HasSubstr("m=65536,t=2,p=1"));
  EXPECT_TRUE(absl::IsResourceExhausted(
      HashPassword("x", {.passes = 1, .memory_bytes = std::size_t{1} << 60}).status()));
}

TEST(ParseUsersFileTest, LinesAreUsers) {
  const std::string hash = Hash("x");
  const auto users = ParseUsersFile(
      absl::StrCat("# ours\r\n\r\nada ", hash, "\r\n  b\xc3\xb6", "b\t ", hash, "  \n\n"));
  ASSERT_TRUE(users.ok()) << users.status();
  ASSERT_EQ(users->size(), 2u);
  EXPECT_EQ((*users)[0].name, "ada");
  EXPECT_EQ((*users)[1].name,
            "b\xc3\xb6"
            "b");
  EXPECT_EQ((*users)[1].hash, hash);
  EXPECT_TRUE(ParseUsersFile("")->empty());
}

TEST(ParseUsersFileTest, BadLinesAreNamed) {
  const std::string hash = Hash("x");
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"ada", "line 1: behind the name stands no hash of a password"},
      {"\nada swordfish", "line 2: behind the name stands no hash of a password"},
      {absl::StrCat("ada ", hash, " more"), "line 1: behind the name stands no hash of a password"},
      {absl::StrCat("ada ", hash.substr(0, 40)),
       "line 1: behind the name stands no hash of a password"},
      {absl::StrCat("ada ", hash, std::string("\0x", 2)),
       "line 1: behind the name stands no hash of a password"},
      {absl::StrCat("ada ", hash, "\nada ", hash), "line 2: a second line for the same name"},
      {absl::StrCat(std::string(256, 'a'), " ", hash), "line 1: a user's name has 1 to 255 octets"},
      {absl::StrCat("a\x1b[m ", hash),
       "line 1: a user's name has no blanks and no control characters"},
  };
  for (const auto& c : cases) {
    const absl::Status status = ParseUsersFile(c.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(status.message(), c.why);
  }
}

TEST(ReadUsersFileTest, ErrorsBeginWithThePath) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/users");
  EXPECT_THAT(ReadUsersFile(path).status().message(),
              EndsWith("/users: No such file or directory"));
  std::ofstream(path) << "ada " << Hash("x") << "\n";
  EXPECT_EQ(ReadUsersFile(path)->size(), 1u);
  std::ofstream(path) << "ada";
  EXPECT_THAT(ReadUsersFile(path).status().message(), StartsWith(absl::StrCat(path, ": line 1: ")));
}

// Who can change a users' file lets themselves in.
TEST(ReadUsersFileTest, WhatEverybodyCanChangeIsRefused) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/open");
  std::ofstream(path) << "ada " << Hash("x") << "\n";
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  EXPECT_TRUE(ReadUsersFile(path).ok());
  ASSERT_EQ(chmod(path.c_str(), 0602), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadUsersFile(path).status()));
  // A device is nobody's to change.
  EXPECT_TRUE(ReadUsersFile("/dev/null").ok());
}

TEST(CheckUserNameTest, Names) {
  for (const char* good : {"a", "ada.lovelace@example", "a#"}) {
    EXPECT_TRUE(CheckUserName(good).ok()) << good;
  }
  for (const char* bad : {"", " ", "a b", "a\tb", "a\n", "#a", "\x7f"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckUserName(bad))) << bad;
  }
}

}  // namespace
}  // namespace monocoque
