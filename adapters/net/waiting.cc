#include "adapters/net/waiting.h"

#include <algorithm>
#include <utility>

namespace monocoque::net {
namespace {

bool Tell(Waiter* waiter) {
  if (waiter == nullptr) return false;
  waiter->Complete();
  return true;
}

}  // namespace

bool WaitQueues::empty() const {
  return std::ranges::all_of(queues_, [](const auto& queue) { return queue.empty(); });
}

bool WaitQueues::TryNow(Waiter* waiter, Place place) const {
  const bool in_order = place == Place::kSenders || place == Place::kReceivers;
  return (!in_order || Queue(place).empty()) && waiter->Try(*this);
}

void WaitQueues::Add(Waiter* waiter, Place place) {
  waiter->Leave();
  waiter->asked_ = rounds_;
  waiter->queue_ = &Queue(place);
  waiter->queue_->Add(&waiter->node_);
}

bool WaitQueues::IsNext(const Waiter* waiter) const {
  if (waiter->queue_ == nullptr) return false;
  return waiter->queue_ == &Queue(Place::kWatchers) || waiter->queue_->front() == waiter;
}

void WaitQueues::Finish(Waiter* waiter, absl::Status result) {
  if (waiter->queue_ == nullptr || waiter->queue_ == &Queue(Place::kReady)) return;
  waiter->Finish(std::move(result));
  Add(waiter, Place::kReady);
}

void WaitQueues::FinishAll(const absl::Status& result) {
  for (const Place place : {Place::kSenders, Place::kReceivers, Place::kWatchers}) {
    FinishIn(place, result);
  }
}

void WaitQueues::FinishIn(Place place, const absl::Status& result) {
  while (Waiter* waiter = Queue(place).front()) Finish(waiter, result);
}

// The front, taken out, if it has its result. While it is tried it may be moved to those ready.
Waiter* WaitQueues::TakeIfDone(Place place) const {
  Waiter* const waiter = Queue(place).front();
  if (waiter == nullptr || !waiter->Try(*this)) return nullptr;
  waiter->Leave();
  return waiter;
}

// The first who has its result, each asked once, but for those who come meanwhile; some may go.
Waiter* WaitQueues::TakeWatcher() {
  Rotation<Waiter>& watchers = Queue(Place::kWatchers);
  const std::uint64_t round = ++rounds_;
  for (Waiter* next = nullptr; (next = watchers.front()) && next->asked_ < round;) {
    next->asked_ = round;
    if (Waiter* done = TakeIfDone(Place::kWatchers)) return done;
    if (watchers.front() == next) watchers.Rotate();
  }
  return nullptr;
}

bool WaitQueues::Serve() {
  bool told = Tell(Queue(Place::kReady).empty() ? nullptr : Take());
  if (Tell(TakeIfDone(Place::kSenders))) told = true;
  if (Tell(TakeIfDone(Place::kReceivers))) told = true;
  if (Tell(TakeWatcher())) told = true;
  return told || !Queue(Place::kReady).empty();
}

Waiter* WaitQueues::Take() {
  for (Rotation<Waiter>& queue : queues_) {
    if (Waiter* waiter = queue.front()) {
      waiter->Leave();
      return waiter;
    }
  }
  return nullptr;
}

}  // namespace monocoque::net
