#ifndef MONOCOQUE_PROTOCOL_DRIVE_IDS_H_
#define MONOCOQUE_PROTOCOL_DRIVE_IDS_H_

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace monocoque {

// Names of things in a Socket. No id is ever used twice in a socket's life, so that a late fact
// about something gone is recognised and ignored. Zero is no id.
template <typename Tag>
class Id {
 public:
  constexpr Id() = default;
  static constexpr Id FromValue(std::uint64_t value) { return Id(value); }

  constexpr std::uint64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }

  friend constexpr auto operator<=>(Id, Id) = default;
  template <typename H>
  friend H AbslHashValue(H h, Id id) {
    return H::combine(std::move(h), id.value_);
  }
  template <typename Sink>
  friend void AbslStringify(Sink& sink, Id id) {
    sink.Append(absl::StrCat(id.value_));
  }

 private:
  constexpr explicit Id(std::uint64_t value) : value_(value) {}

  std::uint64_t value_ = 0;
};

// One Bind.
using ListenerId = Id<struct ListenerTag>;
// One Connect, over all its attempts.
using DialerId = Id<struct DialerTag>;
// One transport attempt.
using LinkId = Id<struct LinkTag>;
// A send queue, a receive queue and a routing id. A dialer's peer outlives its links.
using PeerId = Id<struct PeerTag>;

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_IDS_H_
