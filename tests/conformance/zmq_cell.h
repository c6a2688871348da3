#ifndef MONOCOQUE_TESTS_CONFORMANCE_ZMQ_CELL_H_
#define MONOCOQUE_TESTS_CONFORMANCE_ZMQ_CELL_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/cell.h"
#include "tests/support/zmq_peer.h"

namespace monocoque::conformance {

using testing::ZmqPeer;

// Cells in which there is no libzmq to talk with.
std::vector<Absence> ZmqAbsences();

// How one of ours and one of theirs are joined.
struct Way {
  bool we_bind;
  std::string at;

  // For messages of the framework.
  friend std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << (way.we_bind ? "we" : "they") << " bind at " << way.at;
  }
};

// Sockets on one loop, and libzmq's with its threads.
class ZmqCellTest : public CellTest {
 protected:
  // Their socket, which dials again quickly, as ours do.
  static std::unique_ptr<ZmqPeer> Theirs(int type);
  // All ways of this cell: either binds, and over ipc by path and by name.
  std::vector<Way> Ways();
  using CellTest::Join;
  void Join(const Way& way, FaceSocket* ours, ZmqPeer* theirs);
  // Waits until it is taken.
  void TheySend(ZmqPeer* from, const Parts& parts);
  // The next message, waiting for it. Empty, and a failure: none came.
  Parts TheyReceive(ZmqPeer* at);
  // Messages to somebody who takes nothing, until nothing more goes; how many went. A failure:
  // nobody slows the sender down. `to`: a ROUTER's destination.
  int WeFill(FaceSocket* from, std::string_view to = "");
  int TheyFill(ZmqPeer* from, const std::string& to = "");

  // What fills: the kernel takes fewer of these between two sockets than would be a failure.
  const std::string large_ = std::string(1 << 20, 'l');

 private:
  int Fill(const std::function<bool()>& send);
};

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_ZMQ_CELL_H_
