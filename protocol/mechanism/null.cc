#include "protocol/mechanism/null.h"

namespace monocoque {

absl::Status NullHandshake::Start(std::string* out) {
  if (!asking_) AppendCommand(out, command::kReady, AsBytes(our_metadata_));
  return absl::OkStatus();
}

absl::Status NullHandshake::OnCommand(const Command& command, std::string* /*out*/) {
  if (command.name != command::kReady || metadata_) return JudgeUnexpected(command);
  return TakeMetadata(command.name, command.data, limits_, &metadata_);
}

absl::Status NullHandshake::Admit(std::string* out) {
  asking_ = false;
  return Start(out);
}

}  // namespace monocoque
