#include "tests/support/hex.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace monocoque::testing {

std::string Hex(std::string_view hex) {
  std::string octets;
  if (!absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}), &octets)) octets.clear();
  return octets;
}

std::string ToHex(std::string_view octets) { return absl::BytesToHexString(octets); }

}  // namespace monocoque::testing
