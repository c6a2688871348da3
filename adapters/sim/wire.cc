#include "adapters/sim/wire.h"

#include <algorithm>
#include <utility>

#include "adapters/sim/node.h"
#include "adapters/sim/world.h"

namespace monocoque::sim {
namespace {

// How long a peer may take to close after we said we are done, as in the other adapters.
constexpr absl::Duration kDrainTime = absl::Seconds(1);
constexpr std::size_t kLentBlockBytes = 64 * 1024;
// What a slow line carries in one piece.
constexpr std::size_t kSlowPieceBytes = 1500;

absl::Status Reset() { return absl::UnavailableError("the connection was reset"); }

}  // namespace

void Wire::Stream::Take(std::size_t count) {
  given += count;
  read += count;
  if (given < arrived.size()) return;
  arrived.clear();
  given = 0;
  has_work = end.has_value();
}

Wire::Wire(World* world, std::uint64_t number, Node* dialer, Node* acceptor) : world_(*world) {
  ends_[0].node = dialer;
  ends_[1].node = acceptor;
  report_.link = number;
  report_.dialer = dialer->number();
  report_.acceptor = acceptor->number();
  report_.since = world_.now();
}

const Path& Wire::path() const { return world_.paths().between(report_.dialer, report_.acceptor); }

void Wire::Later(int side, absl::Duration delay, void (Wire::*task)(int side)) {
  end(side).node->Later(delay, [self = shared_from_this(), task, side] { (*self.*task)(side); });
}

void Wire::Attach(int side, LinkId link) {
  End& here = end(side);
  here.link = link;
  (side == 0 ? report_.dialer_link : report_.acceptor_link) = link;
  here.state = State::kOpen;
  if (world_.random().Chance(path().faults.read_by_window)) {
    Later(side, absl::ZeroDuration(), &Wire::HoldWindow);
  }
  ScheduleRead(side);
}

void Wire::SetReady(int side) {
  end(side).ready = true;
  (side == 0 ? report_.dialer_ready : report_.acceptor_ready) = true;
  if (ready()) world_.OnWireReady(this);
}

// ---- Writing -----------------------------------------------------------------------------------

void Wire::Send(int side, TransmitBatch batch) {
  end(side).batch = std::move(batch);
  end(side).batch_kind = world_.kind();
  PlanWrite(side);
}

void Wire::Hurry(int side) {
  end(side).batch_kind = Agenda::Kind::kWork;
  PlanWrite(side);
}

void Wire::PlanWrite(int side) {
  const World::Cause cause(&world_, world_.WorkIf(end(side).batch_kind == Agenda::Kind::kWork));
  Later(side, absl::ZeroDuration(), &Wire::Write);
}

// Takes what the window has room for; the rest waits for the reader.
void Wire::Write(int side) {
  End& here = end(side);
  Stream& out = from(side);
  if (!here.batch) return;
  // Whatever the task comes from, the batch is what it is.
  const World::Cause cause(&world_, world_.WorkIf(here.batch_kind == Agenda::Kind::kWork));
  if (broken_ || here.state == State::kClosed) {
    GiveBack(side, Reset());
    return;
  }
  const Path& way = path();
  const std::uint64_t waiting = out.written - out.read;
  if (waiting >= way.window_bytes) return;
  std::uint64_t count =
      std::min<std::uint64_t>(here.batch->remaining(), way.window_bytes - waiting);
  if (way.faults.max_write_bytes > 0) {
    count = std::min(count, world_.random().Between(1, way.faults.max_write_bytes));
  }
  if (way.bytes_per_second > 0) count = std::min<std::uint64_t>(count, kSlowPieceBytes);
  count = std::min(count, out.cut_at - out.written);
  Piece piece;
  while (piece.octets.size() < count) {
    std::array<Bytes, 1> span;
    here.batch->Spans(span);
    const Bytes octets = span[0].first(
        std::min(span[0].size(), static_cast<std::size_t>(count) - piece.octets.size()));
    piece.octets.append(AsText(octets));
    here.batch->Advance(octets.size());
  }
  out.written += count;
  (side == 0 ? report_.dialer_wrote : report_.acceptor_wrote) += count;
  world_.Tap(*this, side, AsBytes(piece.octets));
  Push(side, std::move(piece));
  if (out.written == out.cut_at) {
    Cut();
  } else if (!here.batch->empty()) {
    here.node->OnWritten(here.link, here.batch->written());
    PlanWrite(side);
  } else {
    GiveBack(side, absl::OkStatus());
    if (here.state != State::kDraining) return;
    PushEnd(side, absl::OkStatus());
    Discard(side);
  }
}

void Wire::GiveBack(int side, const absl::Status& status) {
  End& here = end(side);
  if (!here.batch) return;
  const auto batch = std::make_shared<TransmitBatch>(*std::move(here.batch));
  here.batch.reset();
  here.return_planned = true;
  here.node->Later(
      world_.random().UpTo(path().faults.batch_delay),
      [self = shared_from_this(), side, node = here.node, link = here.link, batch, status] {
        self->end(side).return_planned = false;
        const std::size_t written = batch->written();
        node->ReturnBatch(link, std::move(*batch), written, status);
      });
}

void Wire::Push(int side, Piece piece) {
  Stream& out = from(side);
  const Path& way = path();
  out.line_free = std::max(out.line_free, world_.now());
  if (way.bytes_per_second > 0) {
    const auto bytes = static_cast<std::int64_t>(piece.octets.size());
    out.line_free = out.line_free + absl::Seconds(bytes) / way.bytes_per_second;
  }
  const Instant arrival = out.line_free + way.latency + world_.random().UpTo(way.jitter);
  out.last_arrival = piece.arrives = std::max(out.last_arrival, arrival);
  piece.kind = world_.kind();
  out.flight.push_back(std::move(piece));
  world_.Plan(out.last_arrival, [self = shared_from_this(), side] { self->Arrive(1 - side); });
}

void Wire::PushEnd(int side, const absl::Status& status) {
  Stream& out = from(side);
  if (out.end_sent || broken_) return;
  out.end_sent = true;
  // Whatever it comes from, it comes once.
  const World::Cause cause(&world_, Agenda::Kind::kWork);
  Push(side, {.arrives = Instant(), .octets = {}, .end = status});
}

// ---- Reading -----------------------------------------------------------------------------------

void Wire::Arrive(int side) {
  Stream& in = towards(side);
  if (world_.paths().partitioned(report_.dialer, report_.acceptor)) {
    if (std::exchange(in.waits_for_heal, true)) return;
    world_.paths().WhenHealed(report_.dialer, report_.acceptor, [self = shared_from_this(), side] {
      Stream& held = self->towards(side);
      held.waits_for_heal = false;
      held.last_arrival = std::max(held.last_arrival, self->world_.now() + self->path().latency);
      for (Piece& piece : held.flight) piece.arrives = held.last_arrival;
      self->world_.Plan(held.last_arrival, [self, side] { self->Arrive(side); });
    });
    return;
  }
  while (!in.flight.empty() && in.flight.front().arrives <= world_.now()) {
    Piece& piece = in.flight.front();
    in.arrived.append(piece.octets);
    in.has_work = in.has_work || piece.kind == Agenda::Kind::kWork;
    if (piece.end) in.end = std::move(piece.end);
    in.flight.pop_front();
  }
  const State state = end(side).state;
  if (state == State::kDraining || state == State::kClosed) {
    Discard(side);
  } else {
    ScheduleRead(side);
  }
}

// Octets for a socket that closed its side go nowhere.
void Wire::Discard(int side) {
  Stream& in = towards(side);
  const std::size_t count = in.waiting().size();
  if (count > 0) {
    in.Take(count);
    PlanWrite(1 - side);
  }
  End& here = end(side);
  if (in.end && here.state == State::kDraining && !here.batch) Closed(side);
}

void Wire::ScheduleRead(int side) {
  End& here = end(side);
  const Stream& in = towards(side);
  if (here.state != State::kOpen || !here.reading || (!in.has_arrived() && !in.end)) return;
  const Agenda::Kind kind = world_.WorkIf(in.has_work);
  if (here.read_planned && (*here.read_planned == kind || kind != Agenda::Kind::kWork)) return;
  here.read_planned = kind;
  const World::Cause cause(&world_, kind);
  Later(side, world_.random().UpTo(path().faults.read_delay), &Wire::Read);
}

void Wire::Read(int side) {
  End& here = end(side);
  Stream& in = towards(side);
  here.read_planned.reset();
  if (here.state != State::kOpen || !here.reading) return;
  if (!in.has_arrived()) {
    if (in.end) Over(side);
    return;
  }
  if (!Give(side)) {
    // Paused, or memory is out: Read actions say so, and when it goes on.
    here.node->Touch();
    return;
  }
  here.node->Touch();
  PlanWrite(1 - side);
  ScheduleRead(side);
}

// Some of what has arrived, by window or by donation. False: the socket has no memory for it now.
bool Wire::Give(int side) {
  End& here = end(side);
  Stream& in = towards(side);
  const Faults& faults = path().faults;
  Random& random = world_.random();
  monocoque::Socket& machine = here.node->machine();
  std::size_t count = in.waiting().size();
  if (faults.max_read_bytes > 0) {
    count = std::min(count, static_cast<std::size_t>(random.Between(1, faults.max_read_bytes)));
  }
  if (!here.window && random.Chance(faults.read_by_window)) {
    absl::StatusOr<ReadWindow> window = machine.PrepareRead(here.link);
    if (!window.ok()) return false;
    here.window = *std::move(window);
  }
  const bool by_window = here.window.has_value();
  if (by_window) {
    const MutableBytes room = here.window->span();
    count = std::min(count, room.size());
    std::ranges::copy(AsBytes(in.waiting().substr(0, count)), room.begin());
    machine.CommitRead(here.link, *std::move(here.window), count, world_.now());
    here.window.reset();
    if (random.Chance(0.5)) Later(side, absl::ZeroDuration(), &Wire::HoldWindow);
  } else {
    Slice octets = world_.lender().Copy(in.waiting().substr(0, count));
    if (!machine.Donate(here.link, std::move(octets), world_.now()).ok()) return false;
  }
  world_.trace().Step(world_.now(), here.node->name(), by_window ? "reads by window" : "reads",
                      count);
  (side == 0 ? report_.dialer_read : report_.acceptor_read) += count;
  in.Take(count);
  return true;
}

// A window for octets that are not here yet.
void Wire::HoldWindow(int side) {
  End& here = end(side);
  if (here.state != State::kOpen || !here.reading || here.window) return;
  if (auto window = here.node->machine().PrepareRead(here.link); window.ok()) {
    here.window = *std::move(window);
  }
}

void Wire::ReturnWindow(int side) {
  End& here = end(side);
  if (here.state != State::kOpen || here.reading || !here.window) return;
  here.node->machine().CommitRead(here.link, *std::move(here.window), 0, world_.now());
  here.window.reset();
  here.node->Touch();
}

void Wire::SetReading(int side, bool on) {
  end(side).reading = on;
  if (on) {
    ScheduleRead(side);
  } else {
    Later(side, absl::ZeroDuration(), &Wire::ReturnWindow);
  }
}

// ---- Ends --------------------------------------------------------------------------------------

// The stream towards this side is over, and all of it was read.
void Wire::Over(int side) {
  End& here = end(side);
  if (here.state != State::kOpen) return;
  const absl::Status why = *towards(side).end;
  PushEnd(side, why.ok() && !here.batch ? absl::OkStatus() : Reset());
  here.node->OnTransportClosed(here.link, why);
  GiveBack(side, Reset());
  Closed(side);
}

void Wire::Close(int side, CloseMode mode) {
  End& here = end(side);
  if (here.state == State::kClosed) return;
  here.window.reset();
  if (mode == CloseMode::kAbort || broken_ || here.state == State::kOpening) {
    PushEnd(side, Reset());
    GiveBack(side, Reset());
    Closed(side);
    return;
  }
  here.state = State::kDraining;
  if (!here.batch) PushEnd(side, absl::OkStatus());
  Later(side, kDrainTime, &Wire::DrainedLongEnough);
  Discard(side);
}

void Wire::DrainedLongEnough(int side) {
  if (end(side).state != State::kDraining) return;
  PushEnd(side, Reset());
  GiveBack(side, Reset());
  Closed(side);
}

void Wire::Closed(int side) {
  End& here = end(side);
  if (here.state != State::kOpening) here.node->OnEndClosed();
  here.state = State::kClosed;
  here.window.reset();
  Discard(side);
  if (end(1 - side).state != State::kClosed) return;
  report_.until = std::min(report_.until, world_.now());
  world_.RemoveWire(this);
}

void Wire::Cut() {
  if (broken_) return;
  broken_ = true;
  report_.cut = true;
  report_.until = world_.now();
  world_.trace().Step(world_.now(), end(0).node->name(), "cut off from", 0, end(1).node->name());
  for (Stream& stream : streams_) stream.flight.clear();
  for (int side : {0, 1}) CutEnd(side);
}

void Wire::CutEnd(int side) {
  End& here = end(side);
  Stream& in = towards(side);
  switch (here.state) {
    case State::kOpening:  // its socket finds out when it comes to it
    case State::kClosed:
      return;
    case State::kDraining:
      GiveBack(side, Reset());
      Closed(side);
      return;
    case State::kOpen:
      break;
  }
  // A socket that does not read may hear of it before it has read what is there, or after.
  if (!here.reading && world_.random().Chance(0.5)) {
    in.arrived.clear();
    in.given = 0;
  }
  in.end = Reset();
  GiveBack(side, Reset());
  if (in.has_arrived()) {
    ScheduleRead(side);
  } else {
    Later(side, absl::ZeroDuration(), &Wire::Over);
  }
}

void Wire::CutAfterBytes(int side, std::uint64_t bytes) {
  if (bytes == 0) {
    Cut();
  } else {
    from(side).cut_at = from(side).written + bytes;
  }
}

Slice Lender::Copy(std::string_view octets) {
  if (!block_ || block_->capacity() - used_ < octets.size()) {
    block_ = Block::Allocate(std::max(kLentBlockBytes, octets.size()), nullptr);
    used_ = 0;
  }
  const MutableBytes room =
      MutableBytes(block_->data(), block_->capacity()).subspan(used_, octets.size());
  std::ranges::copy(AsBytes(octets), room.begin());
  used_ += octets.size();
  return Slice(block_, room.data(), room.size());
}

}  // namespace monocoque::sim
