#ifndef MONOCOQUE_ADAPTERS_SIM_DIRECTORY_H_
#define MONOCOQUE_ADAPTERS_SIM_DIRECTORY_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/ids.h"

namespace monocoque::sim {

class Node;
class Wire;

// Somebody who listens, and the transports that stand and are not accepted yet.
struct ListeningPlace {
  Node* node = nullptr;
  ListenerId listener;
  Endpoint bound;
  bool accepting = true;
  bool accept_scheduled = false;
  std::deque<std::shared_ptr<Wire>> backlog;
};

// Who listens where. There is one host: all names and addresses are its own. tcp://*:PORT answers
// to each host's name with that port; port * and path * are given out in order. Thread-compatible.
class Directory {
 public:
  // The place, with the endpoint that was bound; already-exists with a sentence.
  absl::StatusOr<ListeningPlace*> Listen(const Endpoint& endpoint, Node* node, ListenerId listener);
  // Gives the place's backlog to the caller.
  std::deque<std::shared_ptr<Wire>> Unlisten(const Node* node, ListenerId listener);

  // Null: nobody.
  ListeningPlace* Find(const Endpoint& dialed);
  ListeningPlace* Find(const Node* node, ListenerId listener);
  // Is there a place of this node's for which `holds`?
  bool AnyPlace(const Node* node, const std::function<bool(const ListeningPlace&)>& holds) const;

 private:
  std::map<std::string, ListeningPlace> places_;  // by endpoint text
  std::uint16_t next_port_ = 49152;
  int next_path_ = 1;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_DIRECTORY_H_
