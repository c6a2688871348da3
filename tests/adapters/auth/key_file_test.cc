#include "adapters/auth/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/security.h"
#include "tests/support/temp_folder.h"

namespace monocoque {
namespace {

using ::monocoque::testing::CountedKeys;
using ::monocoque::testing::TempFolder;
using ::monocoque::testing::TestCrypto;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Public() { return FormatKey(CountedKeys(0).public_key); }
std::string Secret() { return RevealKey(CountedKeys(0).secret_key); }
std::string Both() { return absl::StrCat("public ", Public(), "\nsecret ", Secret(), "\n"); }

// A folder of each test's own.
class KeyFileTest : public ::testing::Test {
 protected:
  std::string Path(std::string_view name) const { return folder_.Path(name); }
  std::string Write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    return folder_.Write(name, text, mode);
  }
  static std::string Text(const std::string& path) { return TempFolder::Text(path); }
  static mode_t Mode(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  static bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

  TempFolder folder_;
};

TEST_F(KeyFileTest, WhatIsWrittenIsRead) {
  const mode_t before = umask(0);
  ASSERT_TRUE(WriteKeyFiles(Path("ada"), CountedKeys(0)).ok());
  umask(before);
  EXPECT_EQ(Text(Path("ada.key")), Both());
  EXPECT_EQ(Text(Path("ada.pub")), absl::StrCat("public ", Public(), "\n"));
  EXPECT_EQ(Mode(Path("ada.key")), 0600u);
  EXPECT_EQ(Mode(Path("ada.pub")), 0644u);
  const auto keys = ReadKeyPair(Path("ada.key"), *TestCrypto());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->public_key, CountedKeys(0).public_key);
  EXPECT_EQ(keys->secret_key, CountedKeys(0).secret_key);
  const auto key = ReadPublicKey(Path("ada.pub"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(*key, CountedKeys(0).public_key);
}

// Both files or neither, and what was there stays, a link to nowhere too.
TEST_F(KeyFileTest, NothingIsWrittenOver) {
  for (const char* there : {"ada.key", "ada.pub"}) {
    const std::string other = Path(std::string_view(there) == "ada.key" ? "ada.pub" : "ada.key");
    Write(there, "mine");
    const absl::Status refused = WriteKeyFiles(Path("ada"), CountedKeys(0));
    EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr(absl::StrCat(Path(there), ": exists already")));
    EXPECT_EQ(Text(Path(there)), "mine");
    EXPECT_FALSE(Exists(other));
    ASSERT_EQ(unlink(Path(there).c_str()), 0);
  }
  ASSERT_EQ(symlink(Path("elsewhere").c_str(), Path("ada.key").c_str()), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(WriteKeyFiles(Path("ada"), CountedKeys(0))));
  EXPECT_FALSE(Exists(Path("elsewhere")));
  EXPECT_THAT(WriteKeyFiles(Path("no/such/folder"), CountedKeys(0)).message(),
              HasSubstr("No such file or directory"));
}

TEST_F(KeyFileTest, ASecretThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640u, 0604u, 0644u, 0660u}) {
    const std::string path = Write("open.key", Both(), mode);
    const auto refused = ReadKeyPair(path, *TestCrypto());
    EXPECT_TRUE(absl::IsPermissionDenied(refused.status())) << refused.status();
    EXPECT_THAT(refused.status().message(), AllOf(HasSubstr("others than its owner can read"),
                                                  EndsWith(absl::StrCat("chmod 600 ", path))));
  }
  for (const mode_t mode : {0600u, 0400u}) {
    EXPECT_TRUE(ReadKeyPair(Write("safe.key", Both(), mode), *TestCrypto()).ok());
    ASSERT_EQ(unlink(Path("safe.key").c_str()), 0);
  }
}

// Who can change a key file puts a key of their own there.
TEST_F(KeyFileTest, WhatOthersCanChangeIsRefused) {
  for (const mode_t mode : {0620u, 0602u}) {
    const std::string path = Write("open.key", Both(), mode);
    const auto refused = ReadKeyPair(path, *TestCrypto());
    EXPECT_TRUE(absl::IsPermissionDenied(refused.status())) << refused.status();
    EXPECT_THAT(refused.status().message(), HasSubstr("others than its owner can change"));
    ASSERT_EQ(unlink(path.c_str()), 0);
  }
  const std::string shown = absl::StrCat("public ", FormatKey(CountedKeys(0).public_key), "\n");
  EXPECT_TRUE(ReadPublicKey(Write("group.pub", shown, 0664)).ok());
  const auto refused = ReadPublicKey(Write("open.pub", shown, 0646));
  EXPECT_TRUE(absl::IsPermissionDenied(refused.status())) << refused.status();
  EXPECT_THAT(refused.status().message(), HasSubstr("everybody can change this file"));
}

TEST_F(KeyFileTest, WhatIsNoKeyFileIsRefusedByName) {
  const auto pair = [&](std::string_view text) {
    const absl::Status status = ReadKeyPair(Write("a.key", text), *TestCrypto()).status();
    EXPECT_THAT(status.message(), Not(HasSubstr(Secret()))) << text;
    return absl::StrReplaceAll(status.message(), {{absl::StrCat(folder_.path(), "/"), ""}});
  };
  const std::string other = FormatKey(CountedKeys(1).public_key);
  EXPECT_EQ(pair(absl::StrCat("public ", Public(), "\n")),
            "a.key: no line \"secret KEY\"; the file that ends in .key has it");
  EXPECT_EQ(pair(absl::StrCat("public ", other, "\nsecret ", Secret())),
            "a.key: the public key is not the one that belongs to the secret key");
  EXPECT_EQ(pair("# nothing\n"), "a.key: no line \"public KEY\"");
  EXPECT_EQ(pair(std::string(5000, '#')), "a.key: longer than 4096 octets");
  EXPECT_THAT(ReadPublicKey(Write("b.key", Both())).status().message(),
              EndsWith("b.key: holds a secret key, which is its owner's alone; give the file that "
                       "ends in .pub"));
  EXPECT_THAT(ReadPublicKey(Path("none\x1b[31m")).status().message(),
              EndsWith("none\\x1b[31m: No such file or directory"));
  EXPECT_THAT(ReadPublicKey(folder_.path()).status().message(), EndsWith(": Is a directory"));
}

TEST(ParseKeyFileTest, LinesAreTakenLoosely) {
  const auto parsed = ParseKeyFile(
      absl::StrCat("# ada's\r\n\r\n  secret\t", Secret(), " \r\n\npublic   ", Public()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->public_key, CountedKeys(0).public_key);
  ASSERT_TRUE(parsed->secret_key.has_value());
  EXPECT_EQ(*parsed->secret_key, CountedKeys(0).secret_key);
  EXPECT_FALSE(ParseKeyFile(absl::StrCat("public ", Public()))->secret_key.has_value());
}

// An error names the line, and shows nothing of what stands there.
TEST(ParseKeyFileTest, BadLinesAreNamed) {
  const std::string line = absl::StrCat("public ", Public(), "\n");
  const std::string secret = Secret();
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"", "no line \"public KEY\""},
      {secret, "line 1: neither \"public KEY\" nor \"secret KEY\""},
      {absl::StrCat(line, "Secret ", secret), "line 2: neither \"public KEY\" nor \"secret KEY\""},
      {absl::StrCat("public: ", Public()), "line 1: neither \"public KEY\" nor \"secret KEY\""},
      {absl::StrCat("\n", line, "# more\n", line), "line 4: a second public key"},
      {absl::StrCat("secret ", secret, "\nsecret ", secret), "line 2: a second secret key"},
      {"public", "line 1: z85: 0 characters, not 40"},
      {absl::StrCat(line, "secret ", secret, secret), "line 2: z85: 80 characters, not 40"},
      {absl::StrCat(line, "secret ", secret.substr(1), "~"),
       "line 2: z85: character 40 is none of the alphabet"},
      {absl::StrCat(line, "secret ", secret.substr(5), "#####"),
       "line 2: z85: characters 36 to 40 are beyond 32 bits"},
  };
  for (const auto& c : cases) {
    const absl::Status status = ParseKeyFile(c.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(status.message(), c.why);
  }
}

}  // namespace
}  // namespace monocoque
