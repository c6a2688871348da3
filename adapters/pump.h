#ifndef MONOCOQUE_ADAPTERS_PUMP_H_
#define MONOCOQUE_ADAPTERS_PUMP_H_

#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "alloc/transmit_batch.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/drive/machine.h"

namespace monocoque {

// What a pump needs of the runtime below it: the actions of a machine, and the writes. What comes
// of them may be told to the machine at once, or later.
class PumpDriver {
 public:
  virtual ~PumpDriver() = default;

  virtual void Do(const action::Dial& dial) = 0;
  virtual void Do(const action::Listen& listen) = 0;
  virtual void Do(const action::Unlisten& unlisten) = 0;
  virtual void Do(const action::Accepting& accepting) = 0;
  virtual void Do(const action::Read& read) = 0;
  virtual void Do(const action::CloseLink& close) = 0;
  // Has somebody decide who may come in; the verdict goes to the machine by Authorize. False: there
  // is nobody, and so nobody comes in.
  virtual bool Authenticate(const action::Authenticate& /*ask*/) { return false; }
  // Writes the batch, all of it, and gives it back to the machine with ReturnBatch. One batch a
  // link is out.
  virtual void Write(LinkId link, TransmitBatch batch) = 0;
};

// The drain loop that all adapters share: after facts were fed to the machine, one Turn draws all
// that follows from them. Knows no protocol.
//
// Thread-compatible. Invariant: after Turn or Flush no action waits and no link with octets to
// write lacks a batch in flight.
template <Machine M>
class Pump {
 public:
  // Octets of one write: with less the system call's price shows, with more nothing is gained.
  static constexpr std::size_t kWriteBytes = 512 * 1024;
  // Frames looked at in one turn: one busy peer cannot starve the loop.
  static constexpr std::size_t kFramesATurn = 16384;
  // Frames between two looks at the clock, in a slice of time: some microseconds.
  static constexpr std::size_t kFramesAStep = 256;

  Pump(M* machine, PumpDriver* driver) : machine_(*machine), driver_(*driver) {}

  // The clock, the look ahead, the actions, the writes. True: work is left, come again without
  // waiting.
  bool Turn(Instant now, std::size_t max_frames = kFramesATurn) {
    if (now >= machine_.NextDeadline()) machine_.HandleTimeout(now);
    const bool more = machine_.Process(max_frames, now);
    RunActions();
    RefuseUndecided(now);
    Flush();
    return more;
  }

  // A slice of time, for a host that steps by itself: turns as long as work is left and `clock`, a
  // function that gives an Instant, is before `until`; at least one. True: work is left.
  template <typename Clock>
  bool PollUntil(Instant until, Clock&& clock) {
    Instant now = clock();
    do {
      if (!Turn(now, kFramesAStep)) return false;
      now = clock();
    } while (now < until);
    return true;
  }

  void RunActions() {
    Action action;
    while (machine_.NextAction(&action)) {
      if (const auto* ask = std::get_if<action::Authenticate>(&action)) {
        if (!driver_.Authenticate(*ask)) undecided_.push_back(ask->link);
      } else {
        std::visit([this](const auto& what) { this->Do(what); }, action);
      }
    }
  }

  // Starts a write on each link that has something and no batch out.
  void Flush() {
    LinkId link;
    while (machine_.NextTransmitLink(&link)) {
      TransmitBatch batch;
      if (machine_.FillTransmit(link, &batch, kWriteBytes)) driver_.Write(link, std::move(batch));
    }
  }

 private:
  void Do(const auto& what) { driver_.Do(what); }
  void Do(const action::Authenticate& /*ask*/) {}

  void RefuseUndecided(Instant now) {
    while (!undecided_.empty()) {
      AuthVerdict nobody;
      nobody.status = AuthStatus::kTryLater;
      nobody.text = "nobody here decides who may come in";
      for (LinkId link : std::exchange(undecided_, {})) machine_.Authorize(link, nobody, now);
      RunActions();
    }
  }

  M& machine_;
  PumpDriver& driver_;
  std::vector<LinkId> undecided_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_PUMP_H_
