#include "protocol/mechanism/plain.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace monocoque {
namespace {

void AppendText(std::string* out, std::string_view text) {
  out->push_back(static_cast<char>(text.size()));
  out->append(text);
}

// Takes a length and so many octets off the front; false if they are not there.
bool TakeText(Bytes* rest, std::string* out) {
  if (rest->empty() || rest->size() - 1 < (*rest)[0]) return false;
  const std::size_t size = (*rest)[0];
  *out = AsText(rest->subspan(1, size));
  *rest = rest->subspan(1 + size);
  return true;
}

}  // namespace

absl::Status PlainClientHandshake::Start(std::string* out) {
  std::string data;
  AppendText(&data, options_.username);
  AppendText(&data, options_.password.text());
  AppendCommand(out, command::kHello, AsBytes(data));
  Wipe(&data);
  options_.password = {};
  return absl::OkStatus();
}

absl::Status PlainClientHandshake::OnCommand(const Command& command, std::string* out) {
  if (command.name == command::kWelcome && !welcome_) {
    if (!command.data.empty()) return Malformed(command.name, "octets behind its name");
    welcome_ = true;
    AppendCommand(out, command::kInitiate, AsBytes(our_metadata_));
    return absl::OkStatus();
  }
  if (command.name == command::kReady && welcome_ && !metadata_) {
    return TakeMetadata(command.name, command.data, limits_, &metadata_);
  }
  return JudgeUnexpected(command);
}

std::optional<Command> PlainClientHandshake::ReadMisspelled(Bytes body) const {
  constexpr std::array<std::uint8_t, 5> kName = {0x5e, 'R', 'R', 'O', 'R'};
  if (body.size() < kName.size() || !std::ranges::equal(body.first(kName.size()), kName)) {
    return std::nullopt;
  }
  return Command{command::kError, body.subspan(kName.size())};
}

absl::Status PlainServerHandshake::OnCommand(const Command& command, std::string* /*out*/) {
  if (command.name == command::kHello && stage_ == Stage::kHello) return OnHello(command.data);
  if (command.name == command::kInitiate && stage_ == Stage::kInitiate) {
    stage_ = Stage::kOver;
    return TakeMetadata(command.name, command.data, limits_, &metadata_);
  }
  return JudgeUnexpected(command);
}

// P-1.
absl::Status PlainServerHandshake::OnHello(Bytes data) {
  if (!TakeText(&data, &username_)) return Malformed(command::kHello, "no user name");
  if (!TakeText(&data, &password_)) return Malformed(command::kHello, "no password");
  if (!data.empty()) return Malformed(command::kHello, "octets behind the password");
  stage_ = Stage::kAsking;
  return absl::OkStatus();
}

void PlainServerHandshake::Describe(AuthRequest* request) {
  request->domain = domain_;
  request->username.swap(username_);
  request->password.swap(password_);
}

absl::Status PlainServerHandshake::Admit(std::string* out) {
  stage_ = Stage::kInitiate;
  AppendCommand(out, command::kWelcome, {});
  return absl::OkStatus();
}

void PlainServerHandshake::Finish(std::string* out) {
  AppendCommand(out, command::kReady, AsBytes(our_metadata_));
}

}  // namespace monocoque
