#include "protocol/socket/routing_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/drive/entropy.h"

namespace monocoque {

RoutingTable::RoutingTable(SocketCore* core) : core_(*core) {
  std::array<std::uint8_t, 4> random{};
  core->entropy()->Fill(random);
  for (std::uint8_t octet : random) next_id_ = next_id_ << 8 | octet;
}

Slice RoutingTable::NewId() {
  for (;;) {
    const std::uint32_t id = next_id_++;
    const std::array<std::uint8_t, 5> octets = {
        0, static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
        static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    if (!Contains(AsText(octets))) return Slice::Copy(Bytes(octets));
  }
}

void RoutingTable::Add(Peer* peer) {
  table_[std::string(peer->routing_id.text())] = peer->id;
  peer->routed = true;
}

void RoutingTable::Remove(Peer* peer) {
  if (std::exchange(peer->routed, false)) table_.erase(std::string(peer->routing_id.text()));
}

PeerId RoutingTable::Find(Bytes routing_id) const {
  const auto it = table_.find(AsText(routing_id));
  return it == table_.end() ? PeerId() : it->second;
}

Peer* RoutingTable::Destination(const Message& message) const {
  const Bytes id = message.to();
  Peer* origin = core_.FindPeer(message.peer());
  if (origin != nullptr && origin->routed && std::ranges::equal(origin->routing_id.bytes(), id)) {
    return origin;
  }
  return core_.FindPeer(Find(id));
}

}  // namespace monocoque
