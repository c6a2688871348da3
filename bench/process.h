#ifndef MONOCOQUE_BENCH_PROCESS_H_
#define MONOCOQUE_BENCH_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bench/contender.h"

namespace monocoque::bench {

// One side of a benchmark in a process of its own, and the lines it tells us. Killed with this
// object.
class Child {
 public:
  explicit Child(const std::function<void(int out)>& run);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // The next line; ends this process if the other ended first.
  std::string Line();
  double Number();

 private:
  pid_t pid_ = 0;
  int in_ = -1;
};

// From within a child: a line for the parent.
void Tell(int out, std::string line);

// Messages a second from a producer's process to a consumer's; over inproc from thread to thread.
double Throughput(const Contender& contender, const Setting& setting);

// The middle one; there is one at least.
double Median(std::vector<double> figures);

// One figure for each of `count` contenders: the median of the rounds, in which they take turns.
std::vector<double> MediansInTurn(std::size_t count, std::size_t rounds,
                                  const std::function<double(std::size_t)>& run);

}  // namespace monocoque::bench

#endif  // MONOCOQUE_BENCH_PROCESS_H_
