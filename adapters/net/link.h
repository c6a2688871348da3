#ifndef MONOCOQUE_ADAPTERS_NET_LINK_H_
#define MONOCOQUE_ADAPTERS_NET_LINK_H_

#include <memory>

#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"

namespace monocoque::net {

// The stream of one link, as its SocketDriver sees it. It tells the driver that its stream ended
// (OnLinkOver), and that its descriptor is closed and no batch is with it (Retire).
class Link {
 public:
  virtual void SetReading(ReadMode mode) = 0;
  // Writes the batch and gives it back to the machine; one is out at a time.
  virtual void Send(TransmitBatch batch) = 0;
  // From now on the core hears of no octets; the descriptor is closed once the peer has closed too,
  // or had its time.
  virtual void Close(CloseMode mode) = 0;
  // Closed, or about to be: none of the above is called any more.
  virtual bool closing() const = 0;
  // Reads what is here, if reading is wanted and the runtime does not do so by itself.
  virtual void ReadNow() = 0;
  // The driver lets go of it, and may be gone afterwards: it closes at once, calls nobody any more,
  // and is destroyed when it can be.
  virtual void Release() = 0;

 protected:
  ~Link() = default;
};

struct LinkReleaser {
  void operator()(Link* link) const { link->Release(); }
};
using LinkPtr = std::unique_ptr<Link, LinkReleaser>;

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_LINK_H_
