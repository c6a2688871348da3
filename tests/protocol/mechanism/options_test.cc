#include "protocol/mechanism/options.h"

#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

// Short enough to lie within the string, so that it is seen where it was.
constexpr std::string_view kPassword = "swordfish";

// P-9: a client's password is in no memory that is given back, in whichever copy, nor where it was
// moved away from.
TEST(MechanismOptionsTest, EachCopyOfAPasswordIsWiped) {
  const auto original = std::make_unique<PlainClient>(
      PlainClient{.username = "admin", .password = std::string(kPassword)});
  alignas(MechanismOptions) std::array<char, sizeof(MechanismOptions)> place{};
  const auto seen = [&] {
    return std::string_view(place.data(), place.size()).find(kPassword) != std::string_view::npos;
  };
  auto* copy = new (place.data()) MechanismOptions(*original);
  EXPECT_TRUE(seen()) << "nothing to wipe";
  std::destroy_at(copy);
  EXPECT_FALSE(seen());
  copy = new (place.data()) MechanismOptions(*original);
  const MechanismOptions moved(std::move(*copy));
  EXPECT_FALSE(seen());
  std::destroy_at(copy);
  EXPECT_EQ(original->password.text(), kPassword);
}

}  // namespace
}  // namespace monocoque
