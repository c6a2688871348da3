#include "protocol/wire/metadata.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/wire/limits.h"
#include "tests/support/hex.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Hex;
using Properties = std::vector<std::pair<std::string, std::string>>;

std::string Encode(const Properties& properties) {
  std::string out;
  for (const auto& [name, value] : properties) AppendProperty(&out, name, value);
  return out;
}

absl::StatusOr<Metadata> Parse(const std::string& octets) {
  return ParseMetadata(AsBytes(octets), Limits());
}

// One property of our own with `name`, its value empty.
std::string NamedOnly(std::string_view name) {
  std::string out(1, static_cast<char>(name.size()));
  out.append(name);
  out.append(4, '\0');
  return out;
}

// M-1, M-11: null-bind-dealer-identity, the metadata of its READY.
TEST(MetadataTest, WritesTheRecordedOctets) {
  const std::string recorded =
      Hex("0b536f636b65742d54797065000000064445414c4552"
          "084964656e746974790000000469642d31");
  EXPECT_EQ(Encode({{"Socket-Type", "DEALER"}, {"Identity", "id-1"}}), recorded);
  const absl::StatusOr<Metadata> read = Parse(recorded);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->socket_type, "DEALER");
  EXPECT_EQ(read->identity, "id-1");
  EXPECT_TRUE(read->others.empty());
}

// M-9: no metadata at all is well-formed.
TEST(MetadataTest, NothingIsAccepted) {
  const absl::StatusOr<Metadata> read = Parse("");
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->socket_type.has_value());
  EXPECT_EQ(read->identity, "");
}

// M-1: meta-name-lowercase-good.
TEST(MetadataTest, NamesAreComparedWithoutCase) {
  const absl::StatusOr<Metadata> read = Parse(Encode({{"sOCKET-tYPE", "PUSH"}, {"IDENTITY", "x"}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->socket_type, "PUSH");
  EXPECT_EQ(read->identity, "x");
}

// M-10: the value is not touched.
TEST(MetadataTest, ValuesKeepTheirCase) {
  EXPECT_EQ(Parse(Encode({{"Socket-Type", "push"}}))->socket_type, "push");
}

// M-2, M-3, M-14: meta-order, meta-unknown-properties, meta-app-metadata.
TEST(MetadataTest, AnyOrderAndUnknownPropertiesAreKept) {
  const absl::StatusOr<Metadata> read = Parse(
      Encode({{"X-App", "1"}, {"Identity", "me"}, {"Resource", "a/b"}, {"Socket-Type", "REQ"}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->socket_type, "REQ");
  EXPECT_EQ(read->identity, "me");
  EXPECT_EQ(read->others, (Properties{{"X-App", "1"}, {"Resource", "a/b"}}));
}

// M-4: meta-trailing-octet, meta-truncated-name, meta-truncated-value-size, meta-truncated-value.
// A good list cut at any place but between two properties is malformed.
TEST(MetadataTest, PropertiesFillTheBodyExactly) {
  const std::string first = Encode({{"Socket-Type", "PUSH"}});
  const std::string both = first + Encode({{"X-App", "value"}});
  for (std::size_t size = 0; size <= both.size(); ++size) {
    const bool whole = size == 0 || size == first.size() || size == both.size();
    // What follows in memory would fit: it must not be read.
    const Bytes cut = AsBytes(both).first(size);
    EXPECT_EQ(ParseMetadata(cut, Limits()).ok(), whole) << size;
    MetadataReader reader(cut);
    Property property;
    EXPECT_EQ(reader.Next(&property).ok(), size == 0 || size >= first.size()) << size;
  }
  EXPECT_FALSE(Parse(both + "\x01").ok());
}

// M-5, D-7: meta-empty-name.
TEST(MetadataTest, NameMustNotBeEmpty) { EXPECT_FALSE(Parse(NamedOnly("")).ok()); }

// M-5: letters, digits and "-_.+".
TEST(MetadataTest, NameHasTheLettersOfItsAlphabet) {
  const std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool fits = allowed.find(c) != std::string_view::npos;
    EXPECT_EQ(Parse(NamedOnly(std::string("X-") + c)).ok(), fits) << octet;
    EXPECT_EQ(PropertyNameFits(std::string(1, c)), fits) << octet;
  }
  EXPECT_TRUE(PropertyNameFits(std::string(255, 'n')));
  EXPECT_FALSE(PropertyNameFits(std::string(256, 'n')));
  EXPECT_FALSE(PropertyNameFits(""));
}

// M-6: meta-zero-length-value.
TEST(MetadataTest, ValueMayBeEmpty) {
  const absl::StatusOr<Metadata> read = Parse(Encode({{"Socket-Type", ""}, {"X-Empty", ""}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->socket_type, "");
  EXPECT_EQ(read->others, (Properties{{"X-Empty", ""}}));
}

// M-7, SEC-3: meta-huge-value-size. The size is judged by itself, and takes no memory.
TEST(MetadataTest, HugeValueSizesAreRefused) {
  const std::string name = std::string("\x01", 1) + "X";
  const absl::Status over = Parse(name + Hex("80000000")).status();
  const absl::Status under = Parse(name + Hex("7fffffff")).status();
  EXPECT_EQ(over.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(under.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(over.message(), under.message());
}

// M-8: meta-duplicate-socket-type-second-bad, meta-duplicate-identity.
TEST(MetadataTest, RepeatedSocketTypeOrIdentityIsRefused) {
  EXPECT_FALSE(Parse(Encode({{"Socket-Type", "PUSH"}, {"Socket-Type", "PUSH"}})).ok());
  EXPECT_FALSE(Parse(Encode({{"Socket-Type", "PUSH"}, {"socket-type", "PUSH"}})).ok());
  EXPECT_FALSE(Parse(Encode({{"Identity", "a"}, {"Identity", "a"}})).ok());
  // The first being empty makes no difference.
  EXPECT_FALSE(Parse(Encode({{"Identity", ""}, {"IDENTITY", "a"}})).ok());
  EXPECT_FALSE(Parse(Encode({{"Socket-Type", ""}, {"Socket-Type", "PUSH"}})).ok());
}

// M-8: of any other the first value counts, whatever the case of its name.
TEST(MetadataTest, OfOtherRepeatedPropertiesTheFirstWins) {
  const absl::StatusOr<Metadata> read =
      Parse(Encode({{"X-App", "1"}, {"X-Other", "2"}, {"x-app", "3"}}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->others, (Properties{{"X-App", "1"}, {"X-Other", "2"}}));
}

// M-12: meta-identity-255, meta-identity-256, meta-identity-leading-zero.
TEST(MetadataTest, IdentityOf255OctetsNotLedByZero) {
  EXPECT_TRUE(IdentityFits(""));
  EXPECT_TRUE(IdentityFits(std::string("a\0b", 3)));
  EXPECT_TRUE(IdentityFits(std::string(255, '\xff')));
  EXPECT_FALSE(IdentityFits(std::string(256, 'i')));
  EXPECT_FALSE(IdentityFits(std::string("\0a", 2)));
  // The parser leaves the judgement, which is answered with ERROR, to the handshake.
  EXPECT_EQ(Parse(Encode({{"Identity", std::string(256, 'i')}}))->identity.size(), 256u);
}

// Limits: more properties than that are refused, repeated ones counted too.
TEST(MetadataTest, NumberOfPropertiesIsLimited) {
  Limits limits;
  limits.max_properties = 3;
  const std::string three = Encode({{"X-A", ""}, {"X-A", ""}, {"X-A", ""}});
  EXPECT_TRUE(ParseMetadata(AsBytes(three), limits).ok());
  const std::string four = three + Encode({{"X-A", ""}});
  EXPECT_FALSE(ParseMetadata(AsBytes(four), limits).ok());
}

// M-3: the reader shows names as they came, in order, and stays at its error.
TEST(MetadataReaderTest, WalksAndStopsAtTheFirstError) {
  const std::string octets = Encode({{"x-One", "1"}, {"Two", ""}}) +
                             "\x05"
                             "abc";
  MetadataReader reader(AsBytes(octets));
  Property property;
  ASSERT_TRUE(*reader.Next(&property));
  EXPECT_EQ(property.name, "x-One");
  EXPECT_EQ(AsText(property.value), "1");
  ASSERT_TRUE(*reader.Next(&property));
  EXPECT_EQ(property.name, "Two");
  EXPECT_TRUE(property.value.empty());
  EXPECT_FALSE(reader.Next(&property).ok());
  EXPECT_FALSE(reader.Next(&property).ok());
}

TEST(MetadataReaderTest, EndIsReachedAgainAndAgain) {
  MetadataReader reader({});
  Property property;
  EXPECT_FALSE(*reader.Next(&property));
  EXPECT_FALSE(*reader.Next(&property));
}

}  // namespace
}  // namespace monocoque
