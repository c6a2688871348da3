#ifndef MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_
#define MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_

#include <algorithm>
#include <cstddef>
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
  // Forgets those that are gone, before another is added: often enough that there are never more
  // names than 16, or than twice those that were alive the last time; seldom enough to cost
  // nothing.
  template <typename IsGone>
  void Tidy(IsGone&& is_gone) {
    if (names_.size() < tidy_at_) return;
    std::erase_if(names_, [&](const auto& name) { return is_gone(name.second); });
    tidy_at_ = std::max(kFew, 2 * names_.size());
  }
  std::size_t size() const { return names_.size(); }
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
  static constexpr std::size_t kFew = 16;

  std::size_t tidy_at_ = kFew;
  std::vector<std::pair<std::string, Id>> names_;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_ENDPOINT_NAMES_H_
