#include "protocol/mechanism/z85.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"

namespace monocoque {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(kAlphabet.size() == 85);

constexpr std::size_t kOctets = 4;
constexpr std::size_t kCharacters = 5;
constexpr std::uint8_t kForeign = 85;

// The value of each character of the alphabet.
constexpr std::array<std::uint8_t, 256> Values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kForeign);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = Values();

}  // namespace

absl::StatusOr<std::string> EncodeZ85(Bytes octets) {
  if (octets.size() % kOctets != 0) {
    return absl::InvalidArgumentError("z85: the number of octets must be a multiple of 4");
  }
  std::string text;
  text.reserve(octets.size() / kOctets * kCharacters);
  for (std::size_t at = 0; at < octets.size(); at += kOctets) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < kOctets; ++i) value = value << 8 | octets[at + i];
    for (std::uint32_t power = 85 * 85 * 85 * 85; power > 0; power /= 85) {
      text.push_back(kAlphabet[value / power % 85]);
    }
  }
  return text;
}

absl::Status ParseZ85(std::string_view text, MutableBytes out) {
  if (out.size() % kOctets != 0 || text.size() != out.size() / kOctets * kCharacters) {
    return absl::InvalidArgumentError(absl::StrCat("z85: ", text.size(), " characters, not ",
                                                   out.size() / kOctets * kCharacters));
  }
  for (std::size_t at = 0; at < text.size(); at += kCharacters) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + kCharacters; ++i) {
      const std::uint8_t digit = kValues[static_cast<std::uint8_t>(text[i])];
      if (digit == kForeign) {
        return absl::InvalidArgumentError(
            absl::StrCat("z85: character ", i + 1, " is none of the alphabet"));
      }
      value = value * 85 + digit;
    }
    if (value > std::numeric_limits<std::uint32_t>::max()) {
      return absl::InvalidArgumentError(absl::StrCat("z85: characters ", at + 1, " to ",
                                                     at + kCharacters, " are beyond 32 bits"));
    }
    for (std::size_t i = 0; i < kOctets; ++i) {
      out[at / kCharacters * kOctets + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ParseZ85(std::string_view text) {
  if (text.size() % kCharacters != 0) {
    return absl::InvalidArgumentError("z85: the number of characters must be a multiple of 5");
  }
  std::string octets;
  std::array<std::uint8_t, kOctets> group;
  for (std::size_t at = 0; at < text.size(); at += kCharacters) {
    if (absl::Status parsed = ParseZ85(text.substr(at, kCharacters), group); !parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("behind character ", at, ": ", parsed.message()));
    }
    octets.append(AsText(group));
  }
  return octets;
}

}  // namespace monocoque
