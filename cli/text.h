#ifndef MONOCOQUE_CLI_TEXT_H_
#define MONOCOQUE_CLI_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "protocol/wire/message.h"

namespace monocoque::cli {

enum class Format { kText, kHex, kJson };

// Octets as printable ASCII: `\\` `\t` `\n` for those three, `\xNN` for every other octet outside
// 0x20 to 0x7e.
std::string Escape(std::string_view octets);
// The way back; an error names the bad escape.
absl::StatusOr<std::string> Unescape(std::string_view text);

// Parts beside those of the message itself.
struct Beside {
  std::size_t envelope = 0;  // that it gets before it is sent
  std::size_t front = 0;     // of its line, that say where it goes
};

// A line, without its end, as a message: parts are separated by tabs. An error says what is wrong;
// OutOfRange: no peer takes so much.
absl::StatusOr<Message> ParseLine(std::string_view line, Beside beside = {});
// The same of a line that is taken as it is: a message of one part; its front, if it has one, is in
// text form, and ends with the first tab.
absl::StatusOr<Message> ParseRaw(std::string_view line, bool has_front);
// A message as a line, without its end. JSON shows a part that is UTF-8 as a string, and another as
// an object: {"hex":"00ff"}.
std::string FormatLine(const Message& message, Format format);
// The parts as they are, tabs between them; a front is in text form.
std::string FormatRaw(const Message& message, bool has_front);

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_TEXT_H_
