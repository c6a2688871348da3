#ifndef MONOCOQUE_ADAPTERS_SIM_WIRE_H_
#define MONOCOQUE_ADAPTERS_SIM_WIRE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/sim/agenda.h"
#include "adapters/sim/options.h"
#include "alloc/block.h"
#include "alloc/read_window.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"

namespace monocoque::sim {

class Node;
class World;

// A transport between two sockets: two streams of octets, each in order and behind its latency, and
// the two ends as their sockets see them. Side 0 dialed, side 1 accepts.
//
// Whatever a socket asks for is done, and what comes of it told, in a task of its own: a wire never
// calls a socket back. Thread-compatible; lives until both ends are closed and the last task is
// done.
class Wire final : public std::enable_shared_from_this<Wire> {
 public:
  // `number` counts the wires of a world.
  Wire(World* world, std::uint64_t number, Node* dialer, Node* acceptor);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  std::uint64_t number() const { return report_.link; }
  Node* node(int side) const { return ends_[static_cast<std::size_t>(side)].node; }
  const LinkReport& report() const { return report_; }
  bool broken() const { return broken_; }
  // Both ends finished their handshake.
  bool ready() const { return ends_[0].ready && ends_[1].ready; }

  // ---- For the sockets -------------------------------------------------------------------------

  // The side's socket knows the link now: reading begins.
  void Attach(int side, LinkId link);
  void Send(int side, TransmitBatch batch);
  void SetReading(int side, bool on);
  // Something that was begun waits for the batch that is out.
  void Hurry(int side);
  // Taken in full, or failed, and not given back yet.
  bool return_planned(int side) const {
    return ends_[static_cast<std::size_t>(side)].return_planned;
  }
  // The side's socket hears no more, save of the batch it is owed.
  void Close(int side, CloseMode mode);
  // The side finished its handshake.
  void SetReady(int side);

  // ---- For the simulation ----------------------------------------------------------------------

  // Both ends see a reset; octets on the way are gone.
  void Cut();
  // The same once `bytes` more octets were taken from this side.
  void CutAfterBytes(int side, std::uint64_t bytes);
  // No cut that is planned happens.
  void Spare() { streams_[0].cut_at = streams_[1].cut_at = kNoCut; }
  // The side's process goes on after it stood still.
  void Thaw(int side) { ScheduleRead(side); }

 private:
  static constexpr std::uint64_t kNoCut = std::numeric_limits<std::uint64_t>::max();

  enum class State {
    kOpening,  // its socket does not know it yet
    kOpen,
    kDraining,  // closed by its socket: what comes is thrown away until the end of the stream
    kClosed,
  };
  struct Piece {
    Instant arrives;
    std::string octets;
    std::optional<absl::Status> end;  // the end of the stream, in place of octets
    Agenda::Kind kind = Agenda::Kind::kWork;
  };
  // From one side to the other.
  struct Stream {
    std::deque<Piece> flight;
    std::string arrived;  // the first `given` octets were read
    std::size_t given = 0;
    std::optional<absl::Status> end;  // arrived behind them
    bool end_sent = false;
    bool has_work = false;  // what has arrived comes from work
    bool waits_for_heal = false;
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    std::uint64_t cut_at = kNoCut;
    Instant line_free;
    Instant last_arrival;

    bool has_arrived() const { return given < arrived.size(); }
    std::string_view waiting() const { return std::string_view(arrived).substr(given); }
    void Take(std::size_t count);
  };
  struct End {
    Node* node = nullptr;
    LinkId link;
    State state = State::kOpening;
    std::optional<TransmitBatch> batch;
    Agenda::Kind batch_kind = Agenda::Kind::kWork;
    std::optional<ReadWindow> window;  // held ready ahead
    bool reading = true;
    std::optional<Agenda::Kind> read_planned;
    bool ready = false;
    bool return_planned = false;
  };

  End& end(int side) { return ends_[static_cast<std::size_t>(side)]; }
  Stream& from(int side) { return streams_[static_cast<std::size_t>(side)]; }
  Stream& towards(int side) { return streams_[static_cast<std::size_t>(1 - side)]; }
  const Path& path() const;
  // As a task of the side's socket: not while that stands still.
  void Later(int side, absl::Duration delay, void (Wire::*task)(int side));

  void PlanWrite(int side);
  void Write(int side);
  void GiveBack(int side, const absl::Status& status);
  void Push(int side, Piece piece);
  void PushEnd(int side, const absl::Status& status);
  void Arrive(int side);
  void Discard(int side);
  void ScheduleRead(int side);
  void Read(int side);
  bool Give(int side);
  void HoldWindow(int side);
  void ReturnWindow(int side);
  void Over(int side);
  void CutEnd(int side);
  void Closed(int side);
  void DrainedLongEnough(int side);

  World& world_;
  LinkReport report_;
  std::array<End, 2> ends_;
  std::array<Stream, 2> streams_;
  bool broken_ = false;
};

// Memory that adapters donate from: octets are copied behind each other into blocks, as a kernel
// fills provided buffers.
class Lender {
 public:
  Slice Copy(std::string_view octets);

 private:
  BlockPtr block_;
  std::size_t used_ = 0;
};

}  // namespace monocoque::sim

#endif  // MONOCOQUE_ADAPTERS_SIM_WIRE_H_
