#include "cli/front.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "cli/text.h"
#include "protocol/socket/radio.h"

namespace monocoque::cli {
namespace {

absl::Status Wants(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("wants ", what, ", a tab, and a message"));
}

absl::Status TakeNumber(Message* message) {
  constexpr std::string_view kWhat = "the peer's routing number";
  if (!message->multipart()) return Wants(kWhat);
  const std::string_view digits = message->text();
  std::uint32_t number = 0;
  if (!std::ranges::all_of(digits, absl::ascii_isdigit) || !absl::SimpleAtoi(digits, &number) ||
      number == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("wants ", kWhat, " in front, not \"", Escape(digits), "\""));
  }
  message->DropFront(1);
  message->set_to_number(number);
  return absl::OkStatus();
}

absl::Status TakeGroup(Message* message) {
  if (!message->multipart()) return Wants("a group");
  if (!CheckGroup(message->text()).ok()) {
    return absl::InvalidArgumentError(
        "wants a group of at most 255 octets, none of them zero, in front");
  }
  message->FrontToGroup();
  return absl::OkStatus();
}

}  // namespace

absl::Status TakeFront(Front front, Message* message) {
  switch (front) {
    case Front::kNothing:
      return absl::OkStatus();
    case Front::kRoutingId:
      return message->FrontToId() ? absl::OkStatus() : Wants("the destination's routing id");
    case Front::kRoutingNumber:
      return TakeNumber(message);
    case Front::kGroup:
      return TakeGroup(message);
  }
  return absl::OkStatus();
}

void ShowFront(Front front, Message* message) {
  if (front == Front::kNothing) return;
  if (front == Front::kRoutingId) return message->IdToFront();
  const std::string first = front == Front::kGroup ? std::string(AsText(message->group()))
                                                   : absl::StrCat(message->routing_number());
  Message shown(first);
  for (const Slice& part : *message) shown.AddPart(part.bytes());
  *message = std::move(shown);
}

}  // namespace monocoque::cli
