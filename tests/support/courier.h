#ifndef MONOCOQUE_TESTS_SUPPORT_COURIER_H_
#define MONOCOQUE_TESTS_SUPPORT_COURIER_H_

#include <cstddef>
#include <memory>

#include "alloc/block.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "protocol/connection/connection.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/socket/socket.h"

namespace monocoque::testing {

// How octets get into a link.
enum class Delivery {
  kWindow,    // read into the core's own memory
  kDonation,  // read into the driver's slabs, piece behind piece, as io_uring does
};

// Where a driver that donates reads into: slabs, filled one after the other.
class DonatedSlabs {
 public:
  // Where the next octets go; then those, shared.
  MutableBytes room();
  Slice Take(std::size_t size);

 private:
  std::shared_ptr<SlabPool> pool_ = SlabPool::Create();
  BlockLease slab_;
  std::size_t used_ = 0;
};

// Two sockets and one link between them. Octets are carried by hand and by nothing that allocates:
// what is allocated meanwhile, the core did. The clock stands.
class Courier {
 public:
  // `a` binds and `b` connects; the handshake is done when it is made. Both must outlive it.
  Courier(Socket* a, Socket* b, Delivery delivery, Instant now);

  // Turns both sides until nothing moves.
  void Carry();

 private:
  struct Side {
    Socket* socket;
    LinkId link;
    DonatedSlabs slabs;
  };

  bool Turn(Side* side, Side* other);
  void Act(Side* side, Side* other);

  Side a_, b_;
  ListenerId listener_;
  const Delivery delivery_;
  const Instant now_;
};

// The same for two bare connections: a call carries what `from` wants to write. True if that was
// anything.
bool Carry(Connection* from, Connection* to, DonatedSlabs* slabs, Delivery delivery, Instant now);

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_COURIER_H_
