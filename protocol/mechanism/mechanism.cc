#include "protocol/mechanism/mechanism.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque {

absl::Status Malformed(std::string_view command, std::string_view why) {
  return TerminalStatus(Cause::kPeerViolation, absl::StrCat("malformed ", command, ": ", why));
}

absl::Status JudgeUnexpected(const Command& command) {
  if (command.name != command::kError) {
    return TerminalStatus(
        Cause::kPeerViolation,
        absl::StrCat("unexpected command ", absl::CHexEscape(command.name), " in the handshake"));
  }
  const absl::StatusOr<std::string_view> reason = ParseErrorReason(command.data);
  if (!reason.ok()) return Malformed(command.name, reason.status().message());
  return TerminalStatus(Cause::kPeerRejectedUs,
                        absl::StrCat("the peer refused us: ", absl::CHexEscape(*reason)));
}

absl::Status TakeMetadata(std::string_view command, Bytes octets, const Limits& limits,
                          std::optional<Metadata>* out) {
  absl::StatusOr<Metadata> parsed = ParseMetadata(octets, limits);
  if (!parsed.ok()) return Malformed(command, parsed.status().message());
  *out = *std::move(parsed);
  return absl::OkStatus();
}

}  // namespace monocoque
