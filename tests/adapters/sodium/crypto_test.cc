#include "adapters/sodium/crypto.h"

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/pair.h"

namespace monocoque::sodium {
namespace {

using ::monocoque::testing::Hex;
using ::monocoque::testing::SeededEntropy;
using ::monocoque::testing::ToHex;

std::vector<std::uint8_t> Random(std::size_t size, std::uint64_t seed) {
  std::vector<std::uint8_t> octets(size);
  SeededEntropy(seed).Fill(octets);
  return octets;
}

class CryptoTest : public ::testing::Test {
 protected:
  // As libsodium's own function makes it.
  std::vector<std::uint8_t> Reference(const SecretKey& key, Bytes nonce, Bytes content) {
    std::vector<std::uint8_t> box(crypto::kTagBytes + content.size());
    EXPECT_EQ(crypto_secretbox_easy(box.data(), content.data(), content.size(), nonce.data(),
                                    key.bytes().data()),
              0);
    return box;
  }

  const std::shared_ptr<const Crypto> crypto_ = MakeCrypto();
};

// A box is that of crypto_secretbox, whatever part of the content is given apart and however large
// it is.
TEST_F(CryptoTest, BoxesAreThoseOfNaCl) {
  const std::vector<std::uint8_t> nonce = Random(crypto::kNonceBytes, 1);
  const SecretKey key(Random(crypto::kKeyBytes, 2));
  SecretKey derived;
  crypto_->Derive(key, Bytes(nonce).first(crypto::kPrefixBytes), &derived);
  const Bytes counter = Bytes(nonce).subspan(crypto::kPrefixBytes);
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 31, 32, 33, 63, 64, 65, 1000, 8191, 8192, 8224, 8225, 16416, 70000}) {
    const std::vector<std::uint8_t> content = Random(size, 3);
    const std::vector<std::uint8_t> box = Reference(key, nonce, content);
    for (const std::size_t head : std::initializer_list<std::size_t>{0, 1, 17, 32}) {
      if (head > size) continue;
      std::vector<std::uint8_t> sealed(box.size());
      crypto_->Seal(derived, counter, Bytes(content).first(head), Bytes(content).subspan(head),
                    sealed);
      EXPECT_EQ(sealed, box) << size << " octets, " << head << " of them apart";
    }
    std::vector<std::uint8_t> opened(size);
    const Bytes tag = Bytes(box).first(crypto::kTagBytes);
    ASSERT_TRUE(crypto_->Open(derived, counter, tag, Bytes(box).subspan(crypto::kTagBytes), opened))
        << size;
    EXPECT_EQ(opened, content) << size;
    std::vector<std::uint8_t> in_place(box.begin() + crypto::kTagBytes, box.end());
    ASSERT_TRUE(crypto_->Open(derived, counter, tag, in_place, in_place)) << size;
    EXPECT_EQ(in_place, content) << size;
  }
}

TEST_F(CryptoTest, ABoxThatWasTouchedDoesNotOpen) {
  const std::vector<std::uint8_t> nonce = Random(crypto::kNonceBytes, 1);
  const SecretKey key(Random(crypto::kKeyBytes, 2));
  SecretKey derived;
  crypto_->Derive(key, Bytes(nonce).first(crypto::kPrefixBytes), &derived);
  const std::vector<std::uint8_t> box = Reference(key, nonce, Random(100, 3));
  for (std::size_t i = 0; i < box.size(); ++i) {
    std::vector<std::uint8_t> forged = box;
    forged[i] ^= 1;
    std::vector<std::uint8_t> out(100, 0xee);
    EXPECT_FALSE(crypto_->Open(derived, Bytes(nonce).subspan(crypto::kPrefixBytes),
                               Bytes(forged).first(crypto::kTagBytes),
                               Bytes(forged).subspan(crypto::kTagBytes), out));
    EXPECT_EQ(out, std::vector<std::uint8_t>(100, 0xee)) << "octet " << i;
  }
}

TEST_F(CryptoTest, BothSidesAgree) {
  const SecretKey ours(Random(crypto::kKeyBytes, 4)), theirs(Random(crypto::kKeyBytes, 5));
  SecretKey here, there;
  ASSERT_TRUE(crypto_->Agree(crypto_->PublicOf(theirs), ours, &here));
  ASSERT_TRUE(crypto_->Agree(crypto_->PublicOf(ours), theirs, &there));
  EXPECT_EQ(here, there);
  EXPECT_FALSE(here == SecretKey());
}

// Points of small order: with them everybody comes to the same.
TEST_F(CryptoTest, KeysThatAgreeWithEverybodyAreRefused) {
  const SecretKey ours(Random(crypto::kKeyBytes, 4));
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"}) {
    PublicKey theirs;
    const std::string octets = Hex(hex);
    std::copy(octets.begin(), octets.end(), theirs.begin());
    SecretKey shared;
    EXPECT_FALSE(crypto_->Agree(theirs, ours, &shared)) << hex;
  }
}

// curve-reference.txt: connection.shared-key.
TEST_F(CryptoTest, AgreesAsRecorded) {
  PublicKey theirs;
  const std::string octets =
      Hex("79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a");
  std::copy(octets.begin(), octets.end(), theirs.begin());
  const SecretKey ours(
      AsBytes(Hex("606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f")));
  SecretKey shared;
  ASSERT_TRUE(crypto_->Agree(theirs, ours, &shared));
  EXPECT_EQ(ToHex(AsText(shared.bytes())),
            "541f02ad30774030052f1d5b8c61f93a2b846520da466770e9db2aa885bfbb91");
}

}  // namespace
}  // namespace monocoque::sodium
