#include "protocol/version.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

TEST(VersionTest, TextAndNumbersAgree) {
  EXPECT_EQ(kVersion, absl::StrCat(kVersionMajor, ".", kVersionMinor, ".", kVersionPatch));
}

// What is said to be here is, and nothing else.
TEST(VersionTest, SocketTypesAreThoseThatCanBeMade) {
  for (int i = 0; i <= static_cast<int>(SocketType::kChannel); ++i) {
    const auto type = static_cast<SocketType>(i);
    const auto made = Socket::Create(type, {}, testing::TestHost());
    EXPECT_EQ(made.ok(), HasFeature(SocketTypeName(type))) << SocketTypeName(type);
  }
}

TEST(VersionTest, WhatIsNotHere) {
  static_assert(HasFeature("ZMTP/3.1"));
  static_assert(HasFeature("CURVE"));
  static_assert(!HasFeature("GSSAPI"));
}

}  // namespace
}  // namespace monocoque
