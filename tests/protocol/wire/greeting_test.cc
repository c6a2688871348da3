#include "protocol/wire/greeting.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;

// A peer's greeting: each field can be spoiled.
struct Peer {
  std::string signature = "ff00000000000000017f";
  std::string version = "0301";
  std::string mechanism = "4e554c4c" + std::string(32, '0');
  std::string as_server = "00";
  std::string filler = std::string(62, '0');

  std::string octets() const {
    return Hex(absl::StrCat(signature, version, mechanism, as_server, filler));
  }
};

GreetingReader ReadAll(std::string_view octets) {
  GreetingReader reader;
  reader.Consume(AsBytes(octets));
  return reader;
}

PeerVersion VersionOf(std::string_view hex) { return ReadAll(Hex(hex)).version(); }

// G-1, G-2, G-8, B-2: the three stages together are the greeting that libzmq sends.
TEST(GreetingWriterTest, StagesJoinToTheRecordedGreeting) {
  std::string out;
  AppendGreetingSignature(&out, 0);
  EXPECT_EQ(out, Hex("ff00000000000000017f"));
  AppendGreetingMajor(&out);
  EXPECT_EQ(out.size(), greeting::kSignatureBytes + 1);
  AppendGreetingRest(&out, "NULL", /*as_server=*/false);
  EXPECT_EQ(out, Peer().octets());
  EXPECT_EQ(out.size(), greeting::kBytes);
}

// G-4: to a 1.0 peer the signature is the header of our identity frame.
TEST(GreetingWriterTest, SignatureTellsTheIdentityLengthPlusOne) {
  std::string four;
  AppendGreetingSignature(&four, 4);
  EXPECT_EQ(four, Hex("ff00000000000000057f"));
  std::string longest;
  AppendGreetingSignature(&longest, 255);
  EXPECT_EQ(longest, Hex("ff00000000000001007f"));
}

// G-8
TEST(GreetingWriterTest, AsServerIsOneOctetBehindTheMechanism) {
  std::string out;
  AppendGreetingRest(&out, "CURVE", /*as_server=*/true);
  ASSERT_EQ(out.size(), greeting::kBytes - 11);
  EXPECT_EQ(out.substr(0, 6),
            "\x01"
            "CURVE");
  EXPECT_EQ(out.substr(6, 15), std::string(15, '\0'));
  EXPECT_EQ(out[21], '\x01');
  EXPECT_EQ(out.substr(22), std::string(31, '\0'));
}

// G-10: the longest name leaves no zero behind it.
TEST(GreetingWriterTest, MechanismOfTwentyOctetsFillsItsField) {
  const std::string name(20, 'M');
  EXPECT_EQ(MechanismField(name), name);
  EXPECT_EQ(MechanismField("NULL"), "NULL" + std::string(16, '\0'));
}

// G-3, G-9: one piece, single octets, and every cut in two give the same.
TEST(GreetingReaderTest, SegmentationDoesNotMatter) {
  Peer peer;
  peer.as_server = "01";
  const std::string octets = peer.octets();
  for (std::size_t cut = 0; cut <= octets.size(); ++cut) {
    GreetingReader reader;
    EXPECT_EQ(reader.Consume(AsBytes(octets).first(cut)), cut);
    EXPECT_EQ(reader.complete(), cut == octets.size());
    EXPECT_EQ(reader.Consume(AsBytes(octets).subspan(cut)), octets.size() - cut);
    EXPECT_TRUE(reader.complete()) << cut;
    EXPECT_EQ(reader.version(), PeerVersion::kZmtp31);
    EXPECT_EQ(reader.mechanism_field(), MechanismField("NULL"));
    EXPECT_TRUE(reader.as_server());
  }
  GreetingReader reader;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    ASSERT_EQ(reader.Consume(AsBytes(octets).subspan(i, 1)), 1u) << i;
  }
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.version(), PeerVersion::kZmtp31);
}

// F-11, N-3: what comes right behind the greeting is the caller's.
TEST(GreetingReaderTest, TakesSixtyFourOctetsAndNoMore) {
  const std::string octets = Peer().octets() + "next";
  GreetingReader reader;
  EXPECT_EQ(reader.Consume(AsBytes(octets)), greeting::kBytes);
  EXPECT_EQ(reader.Consume(AsBytes("more")), 0u);
  EXPECT_EQ(reader.received(), greeting::kBytes);
}

// G-5: neither padding nor filler means anything.
TEST(GreetingReaderTest, PaddingAndFillerAreNotLookedAt) {
  Peer peer;
  peer.signature = "ffdeadbeefdeadbeef7f";
  peer.filler = std::string(62, 'e');
  const GreetingReader reader = ReadAll(peer.octets());
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.version(), PeerVersion::kZmtp31);
}

// Section 3: of octet 9 the lowest bit alone counts.
TEST(GreetingReaderTest, OctetNineIsJudgedByItsLowestBit) {
  for (int octet = 0; octet < 256; ++octet) {
    std::string signature = Hex("ff00000000000000017f");
    signature[9] = static_cast<char>(octet);
    const GreetingReader reader = ReadAll(signature);
    EXPECT_EQ(reader.version(), octet % 2 == 1 ? PeerVersion::kUnknown : PeerVersion::kZmtp10)
        << octet;
    EXPECT_EQ(reader.versioned(), octet % 2 == 1) << octet;
  }
}

// B-1, B-7, D-5: the table of section 3.
TEST(GreetingReaderTest, VersionFollowsFromTheFirstTwelveOctets) {
  const std::string signature = "ff00000000000000017f";
  EXPECT_EQ(VersionOf(signature), PeerVersion::kUnknown);
  EXPECT_EQ(VersionOf(signature + "00"), PeerVersion::kRevision0);
  EXPECT_EQ(VersionOf(signature + "01"), PeerVersion::kZmtp20);
  EXPECT_EQ(VersionOf(signature + "02"), PeerVersion::kZmtp20);
  EXPECT_EQ(VersionOf(signature + "03"), PeerVersion::kUnknown);
  EXPECT_EQ(VersionOf(signature + "0300"), PeerVersion::kZmtp30);
  EXPECT_EQ(VersionOf(signature + "0301"), PeerVersion::kZmtp31);
  EXPECT_EQ(VersionOf(signature + "0309"), PeerVersion::kZmtp31);
  EXPECT_EQ(VersionOf(signature + "0400"), PeerVersion::kZmtp31);
  EXPECT_EQ(VersionOf(signature + "ffff"), PeerVersion::kZmtp31);
}

// Section 3: an HTTP request or a short 1.0 identity frame shows at its first octet.
TEST(GreetingReaderTest, AnyOtherFirstOctetIsUnversionedAtOnce) {
  for (int octet = 0; octet < 255; ++octet) {
    const std::string octets = {static_cast<char>(octet), 'E', 'T'};
    GreetingReader reader;
    EXPECT_EQ(reader.Consume(AsBytes(octets)), 1u) << octet;
    EXPECT_EQ(reader.version(), PeerVersion::kZmtp10) << octet;
    EXPECT_FALSE(reader.versioned());
  }
}

// B-6, B-7: once decided, no octet is taken and nothing is revised; what follows an older greeting
// stays with the caller.
TEST(GreetingReaderTest, DecisionTakesNoOctetTooManyAndStays) {
  struct Case {
    std::string hex;
    std::size_t taken;
    PeerVersion version;
  };
  const std::vector<Case> cases = {
      {"ff00000000000000050069642d31aabb", 10, PeerVersion::kZmtp10},
      {"ff00000000000000017f00aabbccdd", 11, PeerVersion::kRevision0},
      {"ff00000000000000017f0105000000", 11, PeerVersion::kZmtp20},
  };
  for (const Case& c : cases) {
    const std::string octets = Hex(c.hex);
    GreetingReader reader;
    EXPECT_EQ(reader.Consume(AsBytes(octets)), c.taken) << c.hex;
    EXPECT_EQ(reader.Consume(AsBytes(Peer().octets())), 0u) << c.hex;
    EXPECT_EQ(reader.version(), c.version) << c.hex;
    EXPECT_EQ(reader.received(), c.taken) << c.hex;
    EXPECT_FALSE(reader.complete());
  }
}

// G-7: the field comes whole, with whatever stands behind the name.
TEST(GreetingReaderTest, MechanismFieldKeepsAllTwentyOctets) {
  Peer peer;
  peer.mechanism =
      "4e554c4c"
      "20" +
      std::string(30, '0');
  const std::string octets = peer.octets();
  const GreetingReader reader = ReadAll(octets);
  EXPECT_EQ(reader.mechanism_field().size(), greeting::kMechanismBytes);
  EXPECT_NE(reader.mechanism_field(), MechanismField("NULL"));
  EXPECT_EQ(reader.mechanism_field().substr(0, 5), "NULL ");
}

}  // namespace
}  // namespace monocoque
