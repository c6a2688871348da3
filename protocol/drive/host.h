#ifndef MONOCOQUE_PROTOCOL_DRIVE_HOST_H_
#define MONOCOQUE_PROTOCOL_DRIVE_HOST_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "alloc/budget.h"
#include "alloc/slab_pool.h"
#include "protocol/drive/entropy.h"
#include "protocol/drive/instant.h"

namespace monocoque {

// What a machine of the core gets from where it runs. Copied into the machine: pool, budget and
// entropy are shared and live as long as anyone needs them.
struct Host {
  std::shared_ptr<SlabPool> pool;  // required
  BudgetPtr budget;  // parent of the machine's own account; may be null: no limit above
  std::shared_ptr<Entropy> entropy;  // required
  Instant now;                       // when the machine is made
};

// Octets that a pool's slabs must have at least: a message that is copied and what goes in front of
// it lie in one.
inline constexpr std::size_t kLeastSlabBytes = 5 * 1024;
// And at most: each link that reads or writes takes one.
inline constexpr std::size_t kMostSlabBytes = std::size_t{1} << 30;

// Invalid argument if the host lacks something; `who` begins the sentence.
absl::Status CheckHost(const Host& host, std::string_view who);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_DRIVE_HOST_H_
