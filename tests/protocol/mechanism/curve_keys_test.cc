#include "protocol/mechanism/curve_keys.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "adapters/sodium/crypto.h"
#include "gtest/gtest.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

constexpr std::string_view kPublic = "K3HW^WVq.zo69t)(umF>:XvwTj:QGN^yKlWaVH(S";
constexpr std::string_view kSecret = "009c61o!#m2NH?C3>iWS5d]J*6CRx17-skh9337x";

TEST(CurveKeysTest, ThePublicKeyFollowsFromTheSecretOne) {
  const auto crypto = sodium::MakeCrypto();
  const CurveKeyPair pair = CurveKeyPair::FromSecret(*crypto, *ParseSecretKey(kSecret));
  EXPECT_EQ(FormatKey(pair.public_key), kPublic);
  EXPECT_EQ(RevealKey(pair.secret_key), kSecret);
  EXPECT_EQ(*ParsePublicKey(kPublic), pair.public_key);
}

// SEC-8: nothing but the entropy that the host brings goes into a key.
TEST(CurveKeysTest, ANewPairIsMadeOfTheHostsEntropy) {
  const auto crypto = sodium::MakeCrypto();
  testing::SeededEntropy entropy(7), same(7);
  const CurveKeyPair one = CurveKeyPair::Generate(*crypto, &entropy);
  const CurveKeyPair next = CurveKeyPair::Generate(*crypto, &entropy);
  EXPECT_NE(one.public_key, next.public_key);
  EXPECT_EQ(CurveKeyPair::Generate(*crypto, &same).public_key, one.public_key);
  EXPECT_EQ(crypto->PublicOf(one.secret_key), one.public_key);
}

TEST(CurveKeysTest, AKeyHas40Characters) {
  EXPECT_TRUE(absl::IsInvalidArgument(ParsePublicKey(kPublic.substr(5)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseSecretKey("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseSecretKey(std::string(40, ' ')).status()));
}

}  // namespace
}  // namespace monocoque
