#ifndef MONOCOQUE_PROTOCOL_MECHANISM_Z85_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_Z85_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/bytes.h"

namespace monocoque {

// Octets as text (RFC 32): four octets are five printable characters.

// Invalid argument unless the number of octets is a multiple of four.
absl::StatusOr<std::string> EncodeZ85(Bytes octets);

// Fills `out` with what the text stands for. Invalid argument if the text has another length than
// `out` needs, a foreign character, or a group beyond 32 bits; the sentence says where and shows
// nothing of the text.
absl::Status ParseZ85(std::string_view text, MutableBytes out);
// Of any length that is a multiple of five.
absl::StatusOr<std::string> ParseZ85(std::string_view text);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_Z85_H_
