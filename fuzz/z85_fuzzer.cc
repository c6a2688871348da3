// What is modelled: text that is taken for Z85, and octets that become it (RFC 32).
//
// What must hold: what parses is written back as the same text; octets come back as they were; a
// text's length decides alone whether it can be one; a refusal shows nothing of the text.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "alloc/bytes.h"
#include "fuzz/require.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/z85.h"

namespace {

using monocoque::AsBytes;
using monocoque::AsText;
using monocoque::Bytes;
using monocoque::fuzz::Require;

// No word in an error is so long.
constexpr std::size_t kNoWordOfOurs = 20;

void TextToOctets(std::string_view text) {
  const absl::StatusOr<std::string> octets = monocoque::ParseZ85(text);
  if (octets.ok()) {
    Require(octets->size() == text.size() / 5 * 4, "five characters are four octets");
    const absl::StatusOr<std::string> back = monocoque::EncodeZ85(AsBytes(*octets));
    Require(back.ok() && *back == text, "what was read is written the same");
  } else if (text.size() >= kNoWordOfOurs && !absl::StrContains(text, ' ')) {
    Require(!absl::StrContains(octets.status().message(), text),
            "a refusal does not show the text");
  }
  std::array<std::uint8_t, 32> key{};
  const bool whole = monocoque::ParseZ85(text, key).ok();
  Require(whole == (octets.ok() && text.size() == 40), "a key is 40 good characters");
  const auto parsed = monocoque::ParsePublicKey(text);
  Require(parsed.ok() == whole, "a key is what Z85 says it is");
  if (parsed.ok()) Require(monocoque::FormatKey(*parsed) == text, "a key reads back");
}

void OctetsToText(Bytes octets) {
  const absl::StatusOr<std::string> text = monocoque::EncodeZ85(octets);
  Require(text.ok() == (octets.size() % 4 == 0), "four octets at a time become text");
  if (!text.ok()) return;
  const absl::StatusOr<std::string> back = monocoque::ParseZ85(*text);
  Require(back.ok() && *back == AsText(octets), "octets come back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes octets(data, size);
  TextToOctets(AsText(octets));
  OctetsToText(octets);
  return 0;
}
