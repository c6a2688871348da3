#ifndef MONOCOQUE_TESTS_CONFORMANCE_CELL_H_
#define MONOCOQUE_TESTS_CONFORMANCE_CELL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/host.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"
#include "protocol/socket/event.h"
#include "protocol/socket/options.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/conformance/place.h"
#include "tests/support/adapter_face.h"
#include "tests/support/parts.h"

namespace monocoque::conformance {

using testing::FaceSocket;
using testing::MessageOf;
using testing::Parts;
using testing::PartsOf;

// What the suite runs on: an adapter ("sim", or a name that --adapter takes) and what it carries
// its octets over ("tcp", "ipc", "inproc").
struct Cell {
  std::string adapter;
  std::string carrier;

  // For messages of the framework.
  friend void PrintTo(const Cell& cell, std::ostream* out) {
    *out << cell.adapter << " over " << cell.carrier;
  }
};

// All adapters but the simulator.
inline constexpr std::string_view kReal = "real";

// Cells in which a suite has nothing to show: of this adapter, or carrier; empty: of any. The
// reason is for the table.
struct Absence {
  std::string_view adapter;
  std::string_view carrier;
  std::string_view why;
};

// The simulator and what --adapter takes.
std::vector<std::string> AdaptersAndSim();
// For INSTANTIATE_TEST_SUITE_P: all cells but the absent ones, which the table lists too.
std::vector<Cell> CellsOf(std::string_view suite, const std::vector<Absence>& absences = {},
                          const std::vector<std::string>& adapters = AdaptersAndSim());
// "UringTcp".
std::string CellName(const ::testing::TestParamInfo<Cell>& cell);

// A host by the name of its adapter, "sim" too; null: there is none.
std::unique_ptr<cli::Host> MakeHost(std::string_view adapter);

// One scenario in one cell. Each says at its end what it did, in words that are the same in each
// run, for docs/conformance.md. When all is destroyed, no descriptor is left open that was not
// before.
class ScenarioTest : public ::testing::TestWithParam<Cell> {
 protected:
  ScenarioTest();
  ~ScenarioTest() override;
  void TearDown() override;

  const Cell& cell() const { return GetParam(); }
  bool simulated() const { return cell().adapter == "sim"; }
  bool over(std::string_view carrier) const { return cell().carrier == carrier; }
  // Somewhere to bind: the carrier chooses.
  std::string any() { return Place::Any(cell().carrier); }
  // Somewhere that is known before anybody listens there; the same throughout the test.
  const std::string& place();
  // Over ipc: its path, and is anything there?
  std::string PlacePath();
  bool PlaceHasFile();
  // Removes the socket file that another library left at place().
  void ClearPlace();

  void Did(std::string_view outcome);

 private:
  std::size_t descriptors_before_;
  std::optional<Place> place_;
  bool told_ = false;
};

// Sockets on one loop.
class CellTest : public ScenarioTest {
 protected:
  CellTest() : face_(MakeHost(cell().adapter)) {}
  // With a host of the test's own, which has no descriptors.
  explicit CellTest(std::unique_ptr<cli::Host> host) : face_(std::move(host)) {}

  std::unique_ptr<FaceSocket> Make(SocketType type, const SocketOptions& options = {}) {
    return face_.MakeSocket(type, options);
  }
  // The bound endpoint.
  std::string Bind(FaceSocket* socket, std::string_view at);
  void Connect(FaceSocket* socket, std::string_view to);
  // One binds, the other connects.
  void Join(FaceSocket* binds, FaceSocket* connects) { Connect(connects, Bind(binds, any())); }
  // Waits until it is taken.
  void Send(FaceSocket* from, const Parts& parts);
  void Send(FaceSocket* from, std::string_view text) { Send(from, Parts{std::string(text)}); }
  // The next message, waiting for it. Empty, and a failure: none came.
  Message ReceiveMessage(FaceSocket* at);
  Parts Receive(FaceSocket* at);
  // The first event of the kind, waiting for it; those before it are gone.
  SocketEvent Await(FaceSocket* at, SocketEvent::Kind kind);
  // Until so many peers have done their handshake.
  void AwaitPeers(FaceSocket* at, std::size_t peers);
  static absl::Status Unbind(FaceSocket* socket, ListenerId listener);
  static absl::Status Disconnect(FaceSocket* socket, DialerId dialer);
  [[nodiscard]] bool Until(const std::function<bool()>& holds) { return face_.Until(holds); }
  void Turn() { face_.Turn(); }
  testing::AdapterFace& face() { return face_; }

 private:
  testing::AdapterFace face_;
};

// Attempts follow each other quickly.
SocketOptions Eager();

// So many descriptors may be open in this process; a failure: the system forbids it.
void AllowDescriptors(std::size_t count);

}  // namespace monocoque::conformance

#endif  // MONOCOQUE_TESTS_CONFORMANCE_CELL_H_
