#include "fuzz/stamped.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "alloc/bytes.h"
#include "fuzz/parcels.h"
#include "fuzz/require.h"

namespace monocoque::fuzz {
namespace {

constexpr std::size_t kStampBytes = 7;
// As many kinds, the first ones, are of one part.
constexpr unsigned kSingleKinds = 8;

bool TakesSingleParts(SocketType type) {
  using enum SocketType;
  return type == kServer || type == kClient || type == kRadio || type == kDish ||
         type == kScatter || type == kGather || type == kPeer || type == kChannel;
}

}  // namespace

bool FansOut(SocketType sender) {
  using enum SocketType;
  return sender == kPub || sender == kXPub || sender == kXSub || sender == kRadio;
}

Message MakeStamped(char origin, std::uint32_t number, unsigned kind) {
  constexpr std::array<std::size_t, kSingleKinds> kSizes = {0, 1, 73, 74, 249, 2040, 2042, 6000};
  const std::array<char, kStampBytes> stamp = {'M',
                                               origin,
                                               static_cast<char>(number >> 24),
                                               static_cast<char>(number >> 16),
                                               static_cast<char>(number >> 8),
                                               static_cast<char>(number),
                                               static_cast<char>(kind)};
  const std::string_view head(stamp.data(), stamp.size());
  if (kind < kSizes.size()) return Message(absl::StrCat(head, SomeOctets(number, kSizes[kind])));
  return Message({head, SomeOctets(number, kind % 4 * 100), "", SomeOctets(number, kind)});
}

bool IsNotice(SocketType receiver, const Message& message) {
  const Bytes first = message.bytes();
  return receiver == SocketType::kXPub && !first.empty() && first[0] <= 1;
}

Message MakeStampedFor(SocketType type, char origin, std::uint32_t number, unsigned kind) {
  Message message =
      MakeStamped(origin, number, TakesSingleParts(type) ? kind % kSingleKinds : kind);
  if (type == SocketType::kRadio) message.set_group(kStampedGroup);
  return message;
}

void Arrivals::Check(PeerId from, const Message& message) {
  const Bytes stamp = message.bytes();
  Require(stamp.size() >= kStampBytes && stamp[0] == 'M', "a message is one that was sent");
  const char origin = static_cast<char>(stamp[1]);
  std::uint32_t number = 0;
  for (std::size_t i = 2; i < 6; ++i) number = number << 8 | stamp[i];
  Require(stamp[6] < 16 && message == MakeStamped(origin, number, stamp[6]), "a message is whole");
  Require(fans_out_ || seen_.emplace(origin, number).second, "no message arrives twice (TR-2)");
  const auto [last, first] = last_.try_emplace({from, origin}, number);
  Require(first || last->second < number, "messages of one peer keep their order (TR-3)");
  last->second = number;
}

}  // namespace monocoque::fuzz
