#ifndef MONOCOQUE_PROTOCOL_WIRE_METADATA_H_
#define MONOCOQUE_PROTOCOL_WIRE_METADATA_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "alloc/bytes.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// Properties that the peers tell each other in the handshake (RFC 37, Metadata).
namespace metadata {

inline constexpr std::string_view kSocketType = "Socket-Type";
inline constexpr std::string_view kIdentity = "Identity";
inline constexpr std::size_t kMaxIdentity = 255;

}  // namespace metadata

struct Property {
  std::string_view name;
  Bytes value;
};

// Walks properties without copying; any octets are safe.
class MetadataReader {
 public:
  explicit MetadataReader(Bytes octets) : rest_(octets) {}
  // True and the next property, false at the end; an error where the octets do not fit (M-4, M-5,
  // M-7).
  absl::StatusOr<bool> Next(Property* out);

 private:
  Bytes rest_;
};

// What a peer's metadata says, in memory of its own.
struct Metadata {
  std::optional<std::string> socket_type;
  std::string identity;
  // All others, in order; of several with one name the first (M-3, M-8).
  std::vector<std::pair<std::string, std::string>> others;
};

// Names without regard to case (M-1), in any order (M-2); a repeated Socket-Type or Identity is
// refused (M-8). The identity is not judged here: see IdentityFits.
absl::StatusOr<Metadata> ParseMetadata(Bytes octets, const Limits& limits);

// 0 to 255 octets, not led by a zero octet (M-12).
bool IdentityFits(std::string_view identity);
// 1 to 255 letters, digits and `-_.+` (RFC 37).
bool PropertyNameFits(std::string_view name);

// Appends one property; the name has 1 to 255 octets.
void AppendProperty(std::string* out, std::string_view name, std::string_view value);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_METADATA_H_
