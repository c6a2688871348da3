#ifndef MONOCOQUE_TESTS_SUPPORT_CUTTING_RELAY_H_
#define MONOCOQUE_TESTS_SUPPORT_CUTTING_RELAY_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/raw_peer.h"

namespace monocoque::testing {

// Stands between whoever dials it and whoever listens behind it, passes their octets on, and cuts
// the connection at an octet of the test's choice. One connection at a time; who comes back is
// passed on again. No call waits.
class CuttingRelay {
 public:
  enum class From { kDialer, kListener };

  // Dials `target` for each who comes.
  explicit CuttingRelay(std::string_view target);
  ~CuttingRelay();
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  // To dial.
  std::string endpoint() const { return listener_.endpoint(); }
  // So many octets more pass from there; then both ends see the end of the stream.
  void CutAfter(From from, std::size_t octets);
  // Both ends see the end of the stream now.
  void Cut() { Close(); }
  // Passes on what is there.
  void Turn();
  int cuts() const { return cuts_; }

 private:
  struct Way {
    int from = -1;
    int to = -1;
    std::string pending;
    bool limited = false;
    std::size_t left = 0;
  };

  void Accept();
  // False: the connection is over.
  bool Pass(Way* way);
  void Close();

  const std::string target_;
  RawListener listener_;
  Way there_, back_;
  int cuts_ = 0;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_CUTTING_RELAY_H_
