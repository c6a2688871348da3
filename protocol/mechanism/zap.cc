#include "protocol/mechanism/zap.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "protocol/wire/metadata.h"

namespace monocoque {
namespace {

constexpr std::string_view kVersion = "1.0";
constexpr std::size_t kReplyFrames = 6;
constexpr AuthStatus kStatuses[] = {AuthStatus::kAccepted, AuthStatus::kTryLater,
                                    AuthStatus::kRefused, AuthStatus::kFailed};

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed ZAP reply: ", what));
}

absl::Status ReadStatus(std::string_view text, AuthStatus* out) {
  for (const AuthStatus status : kStatuses) {
    if (text != absl::StrCat(static_cast<int>(status))) continue;
    *out = status;
    return absl::OkStatus();
  }
  return Bad("its status");
}

absl::Status ReadMetadata(Bytes octets, AuthVerdict* out) {
  MetadataReader reader(octets);
  for (;;) {
    Property property;
    const absl::StatusOr<bool> more = reader.Next(&property);
    if (!more.ok()) return Bad("its metadata");
    if (!*more) return absl::OkStatus();
    out->metadata.emplace_back(property.name, AsText(property.value));
  }
}

}  // namespace

Message ZapRequest(const AuthRequest& request, std::string_view id) {
  Message message(
      {kVersion, id, request.domain, request.address, request.identity, request.mechanism});
  if (request.mechanism == "PLAIN") {
    message.AddPart(request.username);
    message.AddPart(request.password);
  } else if (request.mechanism == "CURVE") {
    message.AddPart(request.client_key);
  }
  return message;
}

absl::StatusOr<AuthVerdict> ParseZapReply(const Message& reply, std::string_view id) {
  if (reply.part_count() != kReplyFrames) return Bad("its number of frames");
  if (reply[0].text() != kVersion) return Bad("its version");
  if (reply[1].text() != id) return Bad("its request id");
  AuthVerdict verdict;
  if (absl::Status read = ReadStatus(reply[2].text(), &verdict.status); !read.ok()) return read;
  verdict.text = reply[3].text();
  verdict.user_id = reply[4].text();
  if (absl::Status read = ReadMetadata(reply[5].bytes(), &verdict); !read.ok()) return read;
  return verdict;
}

AuthVerdict ZapVerdict(const Message& reply, std::string_view id) {
  absl::StatusOr<AuthVerdict> verdict = ParseZapReply(reply, id);
  if (verdict.ok()) return *std::move(verdict);
  return {.status = AuthStatus::kTryLater, .text = std::string(verdict.status().message())};
}

}  // namespace monocoque
