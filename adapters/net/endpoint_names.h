#ifndef MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_
#define MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace monocoque::net {

// The texts by which a user of an adapter names what was bound or connected, and the ids they stand
// for. One text may stand for several; the oldest goes first.
template <typename Id>
class EndpointNames {
 public:
  void Add(std::string text, Id id) { names_.emplace_back(std::move(text), id); }
  // The id, which is forgotten; not found if there is none. `what`: "unbind", "disconnect".
  absl::StatusOr<Id> Take(std::string_view what, std::string_view text) {
    const auto it = std::ranges::find(names_, text, &std::pair<std::string, Id>::first);
    if (it == names_.end()) {
      return absl::NotFoundError(
          absl::StrCat(what, " ", absl::CHexEscape(text), ": there is no such endpoint here."));
    }
    const Id id = it->second;
    names_.erase(it);
    return id;
  }

 private:
  std::vector<std::pair<std::string, Id>> names_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_
