#ifndef MONOCOQUE_BENCH_TCP_PAIR_H_
#define MONOCOQUE_BENCH_TCP_PAIR_H_

namespace monocoque::bench {

struct TcpPairOptions {
  int send_bytes = 0;     // buffer of the first end, beyond the system's limit if need be
  int receive_bytes = 0;  // of the second; 0: as the system is set up
};

// The ends of a tcp connection over loopback, both without delay; whoever has them closes them.
struct TcpPair {
  int one;
  int other;
};

// Ends the program if there can be none.
TcpPair MakeTcpPair(const TcpPairOptions& options = {});

}  // namespace monocoque::bench

#endif  // MONOCOQUE_BENCH_TCP_PAIR_H_
