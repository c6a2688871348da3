// What is modelled: the metadata of a READY, any octets.
//
// What must hold: what the reader walks to the end writes back to the same octets; the parser takes
// it exactly if the reader does, no rule of repetition is broken and the limit is kept; no more
// memory is taken than the octets fill; and the case of names makes no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "alloc/bytes.h"
#include "fuzz/require.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/metadata.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::Bytes;
using monocoque::Limits;
using monocoque::Metadata;
using monocoque::MetadataReader;
using monocoque::Property;
using monocoque::fuzz::Require;

// All properties, or none if the octets are malformed.
bool Walk(Bytes octets, std::vector<Property>* out) {
  MetadataReader reader(octets);
  // Each property has six octets or more.
  for (std::size_t i = 0; i <= octets.size() / 6 + 1; ++i) {
    Property property;
    const absl::StatusOr<bool> more = reader.Next(&property);
    if (!more.ok()) {
      Require(!reader.Next(&property).ok(), "an error stays");
      return false;
    }
    if (!*more) return true;
    out->push_back(property);
  }
  Require(false, "the walk ends");
  return false;
}

bool RepeatsWhatMayNot(const std::vector<Property>& properties) {
  std::multiset<std::string> names;
  for (const Property& p : properties) names.insert(absl::AsciiStrToLower(p.name));
  return names.count("socket-type") > 1 || names.count("identity") > 1;
}

std::size_t OctetsHeld(const Metadata& m) {
  std::size_t held = m.identity.size() + (m.socket_type ? m.socket_type->size() : 0);
  for (const auto& [name, value] : m.others) held += name.size() + value.size();
  return held;
}

void CheckCase(const std::vector<Property>& properties, const Metadata& expected,
               const Limits& limits) {
  std::string flipped;
  for (const Property& p : properties) {
    std::string name(p.name);
    for (char& c : name) {
      const auto u = static_cast<unsigned char>(c);
      c = absl::ascii_islower(u) ? absl::ascii_toupper(u) : absl::ascii_tolower(u);
    }
    monocoque::AppendProperty(&flipped, name, AsText(p.value));
  }
  const absl::StatusOr<Metadata> other = monocoque::ParseMetadata(AsBytes(flipped), limits);
  Require(other.ok(), "names in another case parse");
  Require(other->socket_type == expected.socket_type && other->identity == expected.identity &&
              other->others.size() == expected.others.size(),
          "names in another case say the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes octets(data, size);
  Limits limits;
  limits.max_properties = 8;
  std::vector<Property> properties;
  const bool well_formed = Walk(octets, &properties);
  const absl::StatusOr<Metadata> parsed = monocoque::ParseMetadata(octets, limits);
  const bool expected =
      well_formed && properties.size() <= limits.max_properties && !RepeatsWhatMayNot(properties);
  Require(parsed.ok() == expected, "parser and reader agree");
  if (well_formed) {
    std::string out;
    for (const Property& p : properties) {
      Require(monocoque::PropertyNameFits(p.name), "names keep to their alphabet");
      monocoque::AppendProperty(&out, p.name, AsText(p.value));
    }
    Require(out == AsText(octets), "properties come back");
  }
  if (!parsed.ok()) return 0;
  Require(OctetsHeld(*parsed) <= size, "no more is held than came");
  Require(parsed->others.size() <= limits.max_properties, "nor more properties");
  CheckCase(properties, *parsed, limits);
  return 0;
}
