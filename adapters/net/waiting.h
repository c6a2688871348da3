#ifndef MONOCOQUE_ADAPTERS_NET_WAITING_H_
#define MONOCOQUE_ADAPTERS_NET_WAITING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "protocol/drive/rotation.h"

namespace monocoque::net {

class SocketDriver;
class WaitQueues;

// In which queue an operation waits.
enum class Place : std::uint8_t {
  kReady,      // it has its result, or gets it when it is first tried, and is only to be told
  kSenders,    // first come, first served
  kReceivers,  // the same
  kWatchers,   // in any order: what they wait for nobody takes from them
  kClosers,    // not tried: whoever closes the socket gives them their result
};

// An operation on a socket, and whoever waits for its result. It may be destroyed at any time, save
// while it is tried, and waits no more then.
class Waiter {
 public:
  Waiter() : node_(this) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() { Leave(); }

  // Goes on as far as it can: true once it has its result. Asked where there is a driver.
  virtual bool Try(const WaitQueues& among) = 0;
  // Has this result instead.
  virtual void Finish(absl::Status result) = 0;
  // Gives the result to whoever waits: user code, which may do anything. It is in no queue then,
  // and may destroy itself.
  virtual void Complete() = 0;
  // It was taken out untold, and never will be told.
  virtual void Abandon() {}

 private:
  friend class WaitQueues;
  void Leave() {
    if (queue_ != nullptr) std::exchange(queue_, nullptr)->Remove(&node_);
  }

  Rotation<Waiter>* queue_ = nullptr;  // in which it is
  RotationNode<Waiter> node_;
  std::uint64_t asked_ = 0;  // the round in which it came, or was tried last
};

// Those who wait on one socket: each is tried with the driver until it has its result, and then
// told. Owns none of them.
//
//     if (queues.TryNow(&waiter, place)) place = Place::kReady;
//     queues.Add(&waiter, place);  // and have a turn follow
//     while (queues.Serve()) {}    // last in a turn; within a bound
//
// Thread rule: the driver's. It may not be destroyed within Serve. Invariant: a waiter is in one
// queue at most; without a driver all of them are ready.
class WaitQueues {
 public:
  WaitQueues() = default;
  WaitQueues(const WaitQueues&) = delete;
  WaitQueues& operator=(const WaitQueues&) = delete;

  // Null: there is no socket yet, or none any more.
  SocketDriver* driver() const { return driver_; }
  void set_driver(SocketDriver* driver) { driver_ = driver; }
  // Nobody waits, and all were told.
  bool empty() const;
  bool sends_wait() const { return !Queue(Place::kSenders).empty(); }

  // Does it have its result without waiting? Where order counts, nobody passes those who wait.
  bool TryNow(Waiter* waiter, Place place) const;
  void Add(Waiter* waiter, Place place);
  // Will the next round try it, or tell it, or is another before it?
  bool IsNext(const Waiter* waiter) const;
  // It has this result, unless it has one. At any moment; whoever is tried just now and gets a
  // result keeps that.
  void Finish(Waiter* waiter, absl::Status result);
  // All who wait, but for closers; and those.
  void FinishAll(const absl::Status& result);
  void FinishClosers(const absl::Status& result) { FinishIn(Place::kClosers, result); }
  // A round: tells one who is ready, and one of each kind who can go on: none starves the others.
  // After each everything may have changed. True: come again, more may be left.
  bool Serve();
  // Anyone, untold; null: nobody is left.
  Waiter* Take();

 private:
  Rotation<Waiter>& Queue(Place place) { return queues_[static_cast<std::size_t>(place)]; }
  const Rotation<Waiter>& Queue(Place place) const {
    return queues_[static_cast<std::size_t>(place)];
  }
  void FinishIn(Place place, const absl::Status& result);
  Waiter* TakeIfDone(Place place) const;
  Waiter* TakeWatcher();

  SocketDriver* driver_ = nullptr;
  std::array<Rotation<Waiter>, static_cast<std::size_t>(Place::kClosers) + 1> queues_;
  std::uint64_t rounds_ = 0;
};

}  // namespace monocoque::net

#endif  // MONOCOQUE_ADAPTERS_NET_WAITING_H_
