#include "alloc/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

using Key = Secret<32>;

std::array<std::uint8_t, 32> Counting() {
  std::array<std::uint8_t, 32> octets;
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(i + 1);
  return octets;
}

// SEC-7: what a secret leaves behind is zeros.
TEST(SecretTest, IsZeroedWhenItDies) {
  alignas(Key) std::array<std::uint8_t, sizeof(Key)> memory;
  Key* key = new (memory.data()) Key(Counting());
  ASSERT_EQ(memory[31], 32);
  key->~Key();
  // Read as the compiler may not foresee.
  const volatile std::uint8_t* left = memory.data();
  for (std::size_t i = 0; i < memory.size(); ++i) ASSERT_EQ(left[i], 0) << i;
}

TEST(SecretTest, AStringIsZeroedAsFarAsItReached) {
  std::string text = "a password that is longer than what lies inside a string";
  const volatile char* memory = text.data();
  const std::size_t size = text.size();
  text.resize(10);
  Wipe(&text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), const_cast<const char*>(memory));
  for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(memory[i], '\0') << i;
}

TEST(SecretTest, TextLeavesNothingWhereItWas) {
  alignas(SecretText) std::array<char, sizeof(SecretText)> memory{};
  // Short enough to lie within the object.
  auto* text = new (memory.data()) SecretText("swordfish");
  const auto seen = [&] {
    return std::string_view(memory.data(), memory.size()).find("fish") != std::string_view::npos;
  };
  ASSERT_TRUE(seen());
  *text = {};
  EXPECT_FALSE(seen()) << "replaced";
  *text = "swordfish";
  SecretText moved(std::move(*text));
  EXPECT_FALSE(seen()) << "moved";
  EXPECT_EQ(moved.text(), "swordfish");
  *text = moved;
  EXPECT_TRUE(seen());
  text->~SecretText();
  EXPECT_FALSE(seen()) << "dead";
  EXPECT_EQ(moved.text(), "swordfish");
}

// What it was made of keeps nothing, where it gave its octets away.
TEST(SecretTextTest, WhatItIsMadeOfIsWiped) {
  alignas(std::string) std::array<char, sizeof(std::string)> memory{};
  auto* source = new (memory.data()) std::string("swordfish");
  const SecretText text(std::move(*source));
  EXPECT_EQ(std::string_view(memory.data(), memory.size()).find("fish"), std::string_view::npos);
  std::destroy_at(source);
  EXPECT_EQ(text.text(), "swordfish");
}

TEST(SecretTest, ComparesAllOctets) {
  const Key key(Counting());
  EXPECT_EQ(key, Key(Counting()));
  for (std::size_t i = 0; i < Key::kSize; ++i) {
    std::array<std::uint8_t, 32> other = Counting();
    other[i] ^= 0x80;
    EXPECT_FALSE(key == Key(other)) << i;
  }
  EXPECT_FALSE(SameSecret(key.bytes(), key.bytes().first(31)));
  EXPECT_TRUE(SameSecret({}, {}));
}

TEST(SecretTest, WhatLacksIsZero) {
  const Key key(Bytes(Counting()).first(2));
  EXPECT_EQ(key.bytes()[1], 2);
  EXPECT_EQ(key.bytes()[2], 0);
}

}  // namespace
}  // namespace monocoque
