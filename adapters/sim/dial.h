#ifndef MONOCOQUE_ADAPTERS_SIM_DIAL_H_
#define MONOCOQUE_ADAPTERS_SIM_DIAL_H_

#include <memory>

#include "absl/status/status.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"

namespace monocoque::sim {

class Node;
class Wire;
class World;

// One attempt to connect: to whoever listens when it gets there, and back. Across a partition it
// waits for the partition's end.
class Dial final : public std::enable_shared_from_this<Dial> {
 public:
  Dial(World* world, Node* dialer, LinkId link, std::shared_ptr<const Endpoint> endpoint);

  void Start();
  // The dialer hears no more of it.
  void Cancel();
  const Endpoint& endpoint() const { return *endpoint_; }

 private:
  // Whether anybody waits for a dial is for Node::Hopes to say, so its tasks are no work.
  void Plan(absl::Duration delay, void (Dial::*task)());
  void Arrive();
  void Refuse();
  void Fail();
  void Return();

  World& world_;
  Node& dialer_;
  const LinkId link_;
  const std::shared_ptr<const Endpoint> endpoint_;
  std::shared_ptr<Wire> wire_;
  bool over_ = false;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_DIAL_H_
