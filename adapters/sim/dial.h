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
  // The dialer's link dies before it stands; for a cut.
  void Fail(const absl::Status& why);
  // Who answers, once that is known.
  const Node* answering() const;

 private:
  void Arrive();
  void Refuse();
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
