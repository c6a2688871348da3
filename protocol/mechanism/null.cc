#include "protocol/mechanism/null.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque {

absl::Status NullMechanism::Start(std::string* out) {
  AppendCommand(out, command::kReady, AsBytes(our_metadata_));
  return absl::OkStatus();
}

absl::Status NullMechanism::OnCommand(const Command& command, std::string* /*out*/) {
  if (command.name == command::kReady && !done_) {
    absl::StatusOr<Metadata> parsed = ParseMetadata(command.data, limits_);
    if (!parsed.ok()) {
      return TerminalStatus(Cause::kPeerViolation,
                            absl::StrCat("malformed READY: ", parsed.status().message()));
    }
    metadata_ = *std::move(parsed);
    done_ = true;
    return absl::OkStatus();
  }
  if (command.name == command::kError) {
    const absl::StatusOr<std::string_view> reason = ParseErrorReason(command.data);
    if (!reason.ok()) {
      return TerminalStatus(Cause::kPeerViolation,
                            absl::StrCat("malformed ERROR: ", reason.status().message()));
    }
    return TerminalStatus(Cause::kPeerRejectedUs,
                          absl::StrCat("the peer refused us: ", absl::CHexEscape(*reason)));
  }
  return TerminalStatus(Cause::kPeerViolation,
                        absl::StrCat("unexpected command ", absl::CHexEscape(command.name),
                                     " in the handshake"));
}

}  // namespace monocoque
