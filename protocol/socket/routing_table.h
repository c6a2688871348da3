#ifndef MONOCOQUE_PROTOCOL_SOCKET_ROUTING_TABLE_H_
#define MONOCOQUE_PROTOCOL_SOCKET_ROUTING_TABLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/core.h"
#include "protocol/socket/parts.h"
#include "protocol/wire/message.h"

namespace monocoque {

// Who has which routing id, for ROUTER and STREAM. Ordered, not hashed: no peer can choose ids that
// make it slow.
//
// Thread-compatible. Invariant: a peer is in the table, under its routing_id, iff it is `routed`.
class RoutingTable {
 public:
  // Generated ids begin at random, so that one from before a restart names nobody.
  explicit RoutingTable(SocketCore* core);

  bool Contains(std::string_view routing_id) const { return table_.contains(routing_id); }
  // Zero, then a number of four octets (ROUTER-3): an id that nobody has.
  Slice NewId();
  // In the table under its id, and out of it.
  void Add(Peer* peer);
  void Remove(Peer* peer);
  // No id if nobody has it.
  PeerId Find(Bytes routing_id) const;
  // Who the message is for; null: nobody. A reply is marked with its peer already, which spares the
  // search.
  Peer* Destination(const Message& message) const;

 private:
  const SocketCore& core_;
  std::map<std::string, PeerId, std::less<>> table_;
  std::uint32_t next_id_ = 0;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_SOCKET_ROUTING_TABLE_H_
