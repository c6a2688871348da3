#include "adapters/sim/directory.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/sim/wire.h"

namespace monocoque::sim {
namespace {

// What an endpoint to listen at may say for "any address of this host".
constexpr std::array<std::string_view, 3> kAnyHost = {"*", "0.0.0.0", "::"};

}  // namespace

absl::StatusOr<ListeningPlace*> Directory::Listen(const Endpoint& endpoint, Node* node,
                                                  ListenerId listener) {
  Endpoint bound = endpoint;
  for (int tries = 0; bound.any_port && tries < 16384; ++tries) {
    Endpoint chosen = bound;
    chosen.port = next_port_;
    chosen.any_port = false;
    next_port_ =
        next_port_ == 65535 ? std::uint16_t{49152} : static_cast<std::uint16_t>(next_port_ + 1);
    if (Find(chosen) == nullptr) bound = chosen;
  }
  if (bound.any_path) {
    bound.path = absl::StrCat("/sim/", next_path_++);
    bound.any_path = false;
  }
  if (bound.any_port || Find(bound) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("bind ", absl::CHexEscape(endpoint.ToString()),
                     ": address in use; another socket listens there."));
  }
  ListeningPlace& place = places_[bound.ToString()];
  place.node = node;
  place.listener = listener;
  place.bound = std::move(bound);
  return &place;
}

std::deque<std::shared_ptr<Wire>> Directory::Unlisten(const Node* node, ListenerId listener) {
  std::deque<std::shared_ptr<Wire>> backlog;
  if (ListeningPlace* place = Find(node, listener)) {
    backlog = std::move(place->backlog);
    places_.erase(place->bound.ToString());
  }
  return backlog;
}

ListeningPlace* Directory::Find(const Endpoint& dialed) {
  Endpoint at = dialed;
  at.source_host.clear();
  if (const auto it = places_.find(at.ToString()); it != places_.end()) return &it->second;
  if (at.transport != Transport::kTcp) return nullptr;
  for (std::string_view host : kAnyHost) {
    at.host = std::string(host);
    if (const auto it = places_.find(at.ToString()); it != places_.end()) return &it->second;
  }
  return nullptr;
}

ListeningPlace* Directory::Find(const Node* node, ListenerId listener) {
  for (auto& [text, place] : places_) {
    if (place.node == node && place.listener == listener) return &place;
  }
  return nullptr;
}

bool Directory::AnyPlace(const Node* node,
                         const std::function<bool(const ListeningPlace&)>& holds) const {
  return std::ranges::any_of(
      places_, [&](const auto& entry) { return entry.second.node == node && holds(entry.second); });
}

}  // namespace monocoque::sim
