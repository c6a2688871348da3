#ifndef MONOCOQUE_ADAPTERS_SIM_PATHS_H_
#define MONOCOQUE_ADAPTERS_SIM_PATHS_H_

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "adapters/sim/options.h"

namespace monocoque::sim {

// What lies between each two sockets, which are numbers here: how octets travel, and whether they
// do. Thread-compatible.
class Paths {
 public:
  explicit Paths(const Path& standard) : standard_(standard) {}

  const Path& between(int a, int b) const {
    const auto it = paths_.find(Both(a, b));
    return it == paths_.end() ? standard_ : it->second;
  }
  void Set(int a, int b, const Path& path) { paths_[Both(a, b)] = path; }
  // For all pairs that have none of their own.
  void SetStandard(const Path& path) { standard_ = path; }

  bool partitioned(int a, int b) const { return partitions_.contains(Both(a, b)); }
  // Nothing passes between the two, and nobody is told.
  void Partition(int a, int b) { partitions_.try_emplace(Both(a, b)); }
  // Called when the two, partitioned now, are healed.
  void WhenHealed(int a, int b, std::function<void()> then) {
    partitions_.at(Both(a, b)).push_back(std::move(then));
  }
  void Heal(int a, int b) {
    const auto it = partitions_.find(Both(a, b));
    if (it == partitions_.end()) return;
    const std::vector<std::function<void()>> waiting = std::move(it->second);
    partitions_.erase(it);
    for (const auto& then : waiting) then();
  }
  // All are healed, and nothing goes wrong by chance.
  void Calm() {
    standard_.faults = Faults();
    for (auto& [pair, path] : paths_) path.faults = Faults();
    while (!partitions_.empty()) {
      const Pair pair = partitions_.begin()->first;
      Heal(pair.first, pair.second);
    }
  }

 private:
  using Pair = std::pair<int, int>;
  static Pair Both(int a, int b) { return a < b ? Pair(a, b) : Pair(b, a); }

  Path standard_;
  std::map<Pair, Path> paths_;
  std::map<Pair, std::vector<std::function<void()>>> partitions_;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_PATHS_H_
