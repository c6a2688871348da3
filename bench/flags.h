#ifndef MONOCOQUE_BENCH_FLAGS_H_
#define MONOCOQUE_BENCH_FLAGS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "bench/contender.h"

namespace monocoque::bench {

// What is measured for each of several numbers: the flag that gives them and the usual ones.
struct ListFlag {
  std::string_view name;
  std::vector<std::size_t> numbers;
  bool inproc = false;  // may be the transport
};

struct Flags {
  Setting setting;
  std::vector<std::size_t> list;
  std::size_t rounds = 3;
};

// --transport, --size, --seconds, --rounds, --trips and the list: NAME=VALUE each. Ends the process
// at anything else.
Flags ParseFlags(int argc, char** argv, const ListFlag& list);

}  // namespace monocoque::bench

#endif  // MONOCOQUE_BENCH_FLAGS_H_
