#include "protocol/wire/metadata.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace monocoque {
namespace {

constexpr std::uint64_t kMaxValue = 0x7fffffff;
constexpr std::size_t kSizeBytes = 4;

}  // namespace

bool PropertyNameFits(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  return std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
           c == '+';
  });
}

bool IdentityFits(std::string_view identity) {
  return identity.size() <= metadata::kMaxIdentity && (identity.empty() || identity[0] != '\0');
}

absl::StatusOr<bool> MetadataReader::Next(Property* out) {
  if (rest_.empty()) return false;
  const std::size_t name = rest_[0];
  if (name > rest_.size() - 1) return absl::InvalidArgumentError("property name past the end");
  out->name = AsText(rest_.subspan(1, name));
  if (!PropertyNameFits(out->name)) {
    return absl::InvalidArgumentError("property name empty or with a character out of place");
  }
  const Bytes after = rest_.subspan(1 + name);
  if (after.size() < kSizeBytes)
    return absl::InvalidArgumentError("property without its value's size");
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes; ++i) size = size << 8 | after[i];
  if (size > kMaxValue) return absl::InvalidArgumentError("property value of 2^31 octets or more");
  if (size > after.size() - kSizeBytes)
    return absl::InvalidArgumentError("property value past the end");
  out->value = after.subspan(kSizeBytes, static_cast<std::size_t>(size));
  rest_ = after.subspan(kSizeBytes + static_cast<std::size_t>(size));
  return true;
}

absl::StatusOr<Metadata> ParseMetadata(Bytes octets, const Limits& limits) {
  Metadata result;
  bool has_identity = false;
  MetadataReader reader(octets);
  Property property;
  for (std::size_t count = 0;; ++count) {
    const absl::StatusOr<bool> more = reader.Next(&property);
    if (!more.ok()) return more.status();
    if (!*more) return result;
    if (count >= limits.max_properties) {
      return absl::InvalidArgumentError("more properties than the limit");
    }
    const std::string_view value = AsText(property.value);
    if (absl::EqualsIgnoreCase(property.name, metadata::kSocketType)) {
      if (result.socket_type) return absl::InvalidArgumentError("two Socket-Type properties");
      result.socket_type = value;
    } else if (absl::EqualsIgnoreCase(property.name, metadata::kIdentity)) {
      if (has_identity) return absl::InvalidArgumentError("two Identity properties");
      has_identity = true;
      result.identity = value;
    } else if (std::ranges::none_of(result.others, [&](const auto& other) {
                 return absl::EqualsIgnoreCase(other.first, property.name);
               })) {
      result.others.emplace_back(property.name, value);
    }
  }
}

void AppendProperty(std::string* out, std::string_view name, std::string_view value) {
  out->push_back(static_cast<char>(name.size()));
  out->append(name);
  for (int shift = 24; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value.size() >> shift));
  }
  out->append(value);
}

}  // namespace monocoque
