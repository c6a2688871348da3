#ifndef MONOCOQUE_FUZZ_PARCELS_H_
#define MONOCOQUE_FUZZ_PARCELS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/wire/message.h"

namespace monocoque::fuzz {

// Something to send: a message, frames that go in front of it, and the two as one message.
struct Parcel {
  Message message;
  std::string prefix;
  Message whole;
};

// One of 16 kinds: every size that the writer treats in another way, alone, in several parts,
// behind an empty part and behind one that is too long to be copied. Of each kind there are
// variants that differ, so that of two messages behind each other none can be taken for the other.
// Made once: to send one costs a share.
const Parcel& GetParcel(std::size_t kind, std::size_t number);

// Octets to send, up to 6000 of them from any place.
std::string_view SomeOctets(std::size_t at, std::size_t size);

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_PARCELS_H_
