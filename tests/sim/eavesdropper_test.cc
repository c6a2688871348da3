#include "tests/sim/eavesdropper.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sim/options.h"
#include "adapters/sodium/crypto.h"
#include "alloc/bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/curve_session.h"

namespace monocoque::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Box(CurveSession* session, std::string_view text) {
  std::vector<std::uint8_t> frame(CurveSession::FrameBytes(text.size()));
  return std::string(AsText(Bytes(frame).first(session->Seal(0, AsBytes(text), frame))));
}

// Each octet keeps its place, however they are cut; what is in no box stays what it is.
TEST(EavesdropperTest, SeesThroughBoxes) {
  const std::string plain = std::string(64, 'g') + "\4\5READY";
  const std::string long_text(300, 'x');
  for (const std::size_t piece : {1u, 7u, 1000u}) {
    const auto eavesdropper = std::make_shared<Eavesdropper>(sodium::MakeCrypto());
    CurveSession session(eavesdropper, SecretKey(), /*as_server=*/false, 0, 0);
    const std::string sealed = plain + Box(&session, "hello") + Box(&session, long_text) +
                               Box(&session, "") + Box(&session, "end");
    EXPECT_THAT(sealed, Not(HasSubstr("hello")));
    std::string seen;
    for (std::size_t at = 0; at < sealed.size(); at += piece) {
      const auto octets = std::string_view(sealed).substr(at, piece);
      seen += eavesdropper->SeeThrough({.link = 1, .from = 0, .to = 1, .octets = AsBytes(octets)});
    }
    EXPECT_EQ(seen.size(), sealed.size());
    EXPECT_EQ(seen.substr(0, plain.size()), plain);
    EXPECT_EQ(seen.substr(plain.size() + CurveSession::FrameBytes(5) - 5, 5), "hello");
    EXPECT_THAT(seen, HasSubstr(long_text));
    EXPECT_TRUE(seen.ends_with("end"));
  }
}

}  // namespace
}  // namespace monocoque::testing
