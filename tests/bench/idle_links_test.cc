#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/support/adapter_face.h"
#include "tests/support/idle_trips.h"

namespace monocoque::testing {
namespace {

class IdleLinksTest : public ::testing::TestWithParam<std::string_view> {};

// A turn looks at links with work alone: beside a crowd of idle ones a round trip takes no more
// instructions than without.
TEST_P(IdleLinksTest, CostATurnNothing) {
  constexpr std::size_t kLinks = 900;
  constexpr std::size_t kTrips = 3;
  const auto instructions = CountTrips(GetParam(), kLinks, kTrips);
  ASSERT_TRUE(instructions.ok()) << instructions.status();
  EXPECT_GT(instructions->alone, 0);
  EXPECT_LE(instructions->beside, instructions->alone * 1.05);
}

INSTANTIATE_TEST_SUITE_P(Adapters, IdleLinksTest, ::testing::ValuesIn(AllAdapters()),
                         [](const auto& test) { return AdapterTestName(test.param); });

}  // namespace
}  // namespace monocoque::testing
