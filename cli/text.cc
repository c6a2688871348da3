#include "cli/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "protocol/wire/limits.h"

namespace monocoque::cli {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

unsigned Octet(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Octets of the character in front (RFC 3629); 0: there is none.
std::size_t Utf8Length(std::string_view text) {
  const unsigned lead = Octet(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((Octet(text, i) & 0xc0) != 0x80) return 0;
  }
  // Longer than it has to be, half of a UTF-16 pair, or beyond U+10FFFF.
  const unsigned second = Octet(text, 1);
  const bool wrong = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                     (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

std::string JsonCharacter(std::string_view character) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  if (const std::size_t at = kShort.find(character); at != std::string_view::npos) {
    return {'\\', "\"\\bfnrt"[at]};
  }
  // Control characters, those behind ASCII too: terminals obey them.
  const unsigned last = Octet(character, character.size() - 1);
  const bool control = character.size() == 1 ? last < 0x20 || last == 0x7f
                                             : Octet(character, 0) == 0xc2 && last < 0xa0;
  return control ? absl::StrCat("\\u", absl::Hex(last, absl::kZeroPad4)) : std::string(character);
}

absl::Status CheckOctets(std::uint64_t octets) {
  constexpr std::uint64_t kMost = Limits().max_message_bytes;
  if (octets <= kMost) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("a message has at most ", kMost >> 20, " MiB"));
}

// A string; of what is not text, an object.
std::string Json(std::string_view octets) {
  std::string out = "\"";
  for (std::size_t i = 0; i < octets.size();) {
    const std::size_t length = Utf8Length(octets.substr(i));
    if (length == 0) return absl::StrCat("{\"hex\":\"", absl::BytesToHexString(octets), "\"}");
    out += JsonCharacter(octets.substr(i, length));
    i += length;
  }
  out.push_back('"');
  return out;
}

}  // namespace

std::string Escape(std::string_view octets) {
  std::string out;
  for (char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (octet >= 0x20 && octet <= 0x7e) {
      out.push_back(c);
    } else {
      out += "\\x";
      out.push_back(kDigits[octet >> 4]);
      out.push_back(kDigits[octet & 15]);
    }
  }
  return out;
}

absl::StatusOr<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    const char kind = i + 1 < text.size() ? text[i + 1] : '\0';
    if (kind == '\\' || kind == 't' || kind == 'n') {
      out.push_back(kind == '\\' ? '\\' : kind == 't' ? '\t' : '\n');
      ++i;
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 3);
    const std::size_t high = digits.size() == 3 ? kDigits.find(digits[1]) : std::string_view::npos;
    const std::size_t low = digits.size() == 3 ? kDigits.find(digits[2]) : std::string_view::npos;
    if (kind != 'x' || high == std::string_view::npos || low == std::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "bad escape \"", Escape(text.substr(i, kind == 'x' ? 4 : 2)),
          "\"; there are \\\\ \\t \\n and \\x with two lower-case hexadecimal digits"));
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 3;
  }
  return out;
}

absl::StatusOr<Message> ParseLine(std::string_view line, Beside beside) {
  constexpr Limits kLimits;
  const auto count = static_cast<std::size_t>(std::ranges::count(line, '\t')) + 1;
  if (const std::size_t most = kLimits.max_parts - beside.envelope; count > most + beside.front) {
    return absl::OutOfRangeError(
        absl::StrCat("a message has at most ", most, " parts, this one ", count - beside.front));
  }
  std::uint64_t octets = 0;
  std::vector<std::string> parts;
  for (std::string_view text : absl::StrSplit(line, '\t')) {
    absl::StatusOr<std::string> part = Unescape(text);
    if (!part.ok()) return part.status();
    octets += part->size();
    parts.push_back(*std::move(part));
  }
  if (absl::Status fits = CheckOctets(octets); !fits.ok()) return fits;
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return Message(views);
}

absl::StatusOr<Message> ParseRaw(std::string_view line, bool has_front) {
  if (absl::Status fits = CheckOctets(line.size()); !fits.ok()) return fits;
  if (!has_front) return Message(line);
  const std::size_t tab = line.find('\t');
  const absl::StatusOr<std::string> front = Unescape(line.substr(0, tab));
  if (!front.ok()) return front.status();
  Message message(*front);
  if (tab != std::string_view::npos) message.AddPart(line.substr(tab + 1));
  return message;
}

std::string FormatRaw(const Message& message, bool has_front) {
  std::string out;
  bool first = true;
  for (const Slice& part : message) {
    if (!first) out += "\t";
    out += first && has_front ? Escape(part.text()) : part.text();
    first = false;
  }
  return out;
}

std::string FormatLine(const Message& message, Format format) {
  std::string out = format == Format::kJson ? "{\"parts\":[" : "";
  bool first = true;
  for (const Slice& part : message) {
    if (!first) out += format == Format::kJson ? "," : "\t";
    first = false;
    switch (format) {
      case Format::kText:
        out += Escape(part.text());
        break;
      case Format::kHex:
        out += absl::BytesToHexString(part.text());
        break;
      case Format::kJson:
        out += Json(part.text());
        break;
    }
  }
  if (format == Format::kJson) out += "]}";
  return out;
}

}  // namespace monocoque::cli
