#ifndef MONOCOQUE_FUZZ_STAMPED_H_
#define MONOCOQUE_FUZZ_STAMPED_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "protocol/drive/ids.h"
#include "protocol/wire/message.h"

namespace monocoque::fuzz {

// A message that says who sent it, and that it is whole: from its first octets all others follow.
// `number` tells it from all others of its origin; `kind`, up to 15, is its form and size.
Message MakeStamped(char origin, std::uint32_t number, unsigned kind);

// What arrived somewhere. Aborts if a message is not whole, comes twice, or comes in front of one
// that was sent earlier over the same peer.
class Arrivals {
 public:
  void Check(PeerId from, const Message& message);

 private:
  std::set<std::pair<char, std::uint32_t>> seen_;
  std::map<std::pair<PeerId, char>, std::uint32_t> last_;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_STAMPED_H_
