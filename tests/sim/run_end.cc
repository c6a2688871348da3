// What a run does once its play is over.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"
#include "tests/sim/run.h"

namespace monocoque::testing {

using enum SocketType;

namespace {

constexpr absl::Duration kLongWayHome = absl::Seconds(10);
// A connection that was refused memory asks again after this time.
constexpr absl::Duration kMemoryPause = absl::Milliseconds(10);
constexpr int kMaxPauses = 100;
constexpr absl::Duration kLastCutsWithin = absl::Milliseconds(500);

}  // namespace

void Run::Rest(std::string_view when) {
  bool idle = sim_.RunUntilIdle(absl::Hours(1));
  for (int i = 0; i < kMaxPauses && idle && MayWaitForMemory(); ++i) {
    sim_.Run(kMemoryPause + plan_.world.timer_delay);
    idle = sim_.RunUntilIdle(absl::Hours(1));
  }
  if (!idle) oracle_.Violation(absl::StrCat("the sockets never came to rest ", when));
}

// Whoever was refused memory asks again by a deadline, which alone is no work to a simulation.
bool Run::MayWaitForMemory() const {
  const auto soon = [this](const sim::Socket& socket) {
    return socket.core().NextDeadline() <= sim_.now() + kMemoryPause;
  };
  return plan_.bounded &&
         (std::ranges::any_of(actors_, [&](const auto& actor) { return soon(actor->socket); }) ||
          std::ranges::any_of(retired_, soon));
}

void Run::BecomeCalm() {
  calm_ = true;
  sim_.Calm();
  for (const auto& actor : actors_) {
    ComeBack(actor.get());
    if (actor->closed) continue;
    Rebind(actor.get());
    for (const auto& other : actors_) Reconnect(actor.get(), *other);
    actor->socket.OnMessage([this, who = actor.get()](Message message) { Handle(who, message); });
    // What waits for a name that nobody will have again is not sent.
    if (actor->pending) Address(actor.get(), &*actor->pending);
  }
  for (const auto& a : actors_) {
    for (const auto& b : actors_) {
      if (a->left && !b->left) sim_.SetPath(a->socket, b->socket, UsualPath());
    }
  }
  // What went a long way is still on it, and holds up what comes behind; who stands still goes on,
  // and finds what happened meanwhile.
  if (plan_.has(Mishap::Kind::kSlow) || plan_.has(Mishap::Kind::kFreeze)) sim_.Run(kLongWayHome);
  Rest("after it became calm");
}

// One dials the other, who listens.
bool Run::Joined(const Actor& a, const Actor& b) const {
  const Actor& dialer = a.plan->binds ? b : a;
  const Actor& binder = a.plan->binds ? a : b;
  return a.left != b.left && !a.closed && !b.closed && !binder.unbound &&
         !dialer.away.contains(binder.index);
}

bool Run::AnyOpposite(const Actor& actor) const {
  return std::ranges::any_of(actors_, [&](const auto& other) { return Joined(actor, *other); });
}

// It dials somebody who is gone for good.
bool Run::DialsNobody(const Actor& actor) const {
  return !actor.plan->binds && std::ranges::any_of(actors_, [&](const auto& other) {
    return other->left != actor.left && (other->closed || other->unbound) &&
           !actor.away.contains(other->index);
  });
}

// What is sent by turns may wait for one who is gone for good.
bool Run::MayWaitForEver(const Actor& actor) const {
  return plan_.pairing->play != Play::kNames && DialsNobody(actor);
}

// Everything works again: what is sent now arrives.
void Run::Volley() {
  for (const auto& actor : actors_) {
    if (!publishes() && !MayWaitForEver(*actor)) oracle_.ForbidLoss(actor->socket.number());
  }
  for (const auto& actor : actors_) {
    const bool sends = actor->plan->messages > 0 && (actor->left || !publishes());
    if (sends && !actor->closed && AnyOpposite(*actor)) VolleyOf(actor.get());
  }
  for (const auto& actor : actors_) oracle_.AllowLoss(actor->socket.number());
}

void Run::VolleyOf(Actor* actor) {
  if (publishes()) {
    PublishEach(actor);
    return;
  }
  for (int i = 0; i < 3; ++i) {
    // Its question, or the answer, is lost: it waits for ever.
    if (is(*actor, kReq) && !actor->plan->options.req_relaxed &&
        absl::IsUnavailable(actor->socket.core().ReceiveStatus())) {
      return;
    }
    if (!actor->pending) Compose(actor, DrawTopic());
    const absl::Status sent = Offer(actor);
    if (!sent.ok()) {
      actor->pending.reset();
      // All that are there may be at their marks with those who are not; else there is room.
      if (!MayWaitForEver(*actor) || !absl::IsUnavailable(sent)) {
        oracle_.Violation(absl::StrCat("socket ", actor->socket.number(),
                                       " cannot send although all is calm: ", sent.ToString()));
      }
    }
    Rest("after a volley");
    // A question that has not begun waits for somebody who is gone for good.
    const bool waits = MayWaitForEver(*actor) && !oracle_.link_of(actor->question);
    if (is(*actor, kReq) && sent.ok() && actor->asked != Instant() && !waits) {
      oracle_.Violation(absl::StrCat("socket ", actor->socket.number(), " got no answer"));
    }
  }
}

// Subscriptions have converged: each topic reaches those who want it, and nobody else.
void Run::PublishEach(Actor* publisher) {
  const sim::Socket& socket = publisher->socket;
  for (std::string topic : {"aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"}) {
    Compose(publisher, topic);
    const PayloadId id = publisher->pending_id;
    const std::uint64_t dropped = socket.stats().dropped;
    if (const absl::Status sent = Offer(publisher); !sent.ok()) {
      oracle_.Violation(absl::StrCat("cannot publish: ", sent.ToString()));
      publisher->pending.reset();
      continue;
    }
    Rest("after a publication");
    // For want of memory it misses what it was told, and drops.
    const bool starved =
        plan_.bounded && (RefusedAny(*publisher) || socket.stats().dropped > dropped);
    for (const auto& subscriber : actors_) {
      if (subscriber->left || starved || !Joined(*publisher, *subscriber)) continue;
      oracle_.CheckReached(id, topic, subscriber->socket.number());
    }
  }
}

// The left close while something is still to be sent: linger brings it home, also over links that
// are cut.
void Run::LastWords() {
  if (!plan_.ends_with_linger || plan_.pairing->play == Play::kNames) return;
  // With conflation each takes the place of the one before.
  const bool conflate =
      std::ranges::any_of(plan_.actors, [](const auto& actor) { return actor.options.conflate; });
  const int words = conflate ? 1 : plan_.last_cuts > 0 ? 40 : 5;
  if (plan_.last_cuts > 0) CutAny();
  for (const auto& actor : actors_) {
    if (!actor->left || actor->closed || !AnyOpposite(*actor)) continue;
    const bool may_wait = MayWaitForEver(*actor);
    if (!may_wait && plan_.last_cuts == 0) oracle_.ForbidLoss(actor->socket.number());
    for (int i = 0; i < words; ++i) {
      if (!actor->pending) Compose(actor.get(), DrawTopic());
      if (!Offer(actor.get()).ok()) break;
    }
    actor->for_good = true;
    // To names that are gone it would last for ever.
    StartClose(actor.get(), may_wait ? absl::Seconds(10) : absl::Hours(1));
  }
  for (std::size_t i = 1; i < plan_.last_cuts; ++i) {
    sim_.After(random_.UpTo(kLastCutsWithin), [this] { CutAny(); });
  }
  Rest("after lingering closes");
  for (const auto& actor : actors_) {
    if (!actor->closed || actor->socket.core().drained()) continue;
    oracle_.Violation(absl::StrCat("socket ", actor->socket.number(), " did not end"));
  }
}

void Run::CutAny() {
  const Actor& a = *actors_[random_.Below(plan_.left)];
  const Actor& b = *actors_[plan_.left + random_.Below(actors_.size() - plan_.left)];
  sim_.Cut(a.socket, b.socket);
}

// `actor`: who has the socket still, or null.
void Run::TakeEvents(sim::Socket* socket, Actor* actor) {
  Followed& followed = followed_.at(socket->number());
  for (SocketEvent event; socket->NextEvent(&event);) {
    followed.chronicle.OnEvent(event);
    CheckEvent(socket->number(), *followed.plan, event);
    if (event.lost_messages > 0) {
      oracle_.OnLost(socket->number(), WireOf(socket->number(), event.link), event.lost_messages);
      if (followed.chronicle.disconnected(event.link)) {
        oracle_.OnGivenUp(socket->number(), event.lost_messages);
      }
    }
    if (actor == nullptr) continue;
    if (event.kind == SocketEvent::Kind::kReady) actor->ready[event.link] = event.peer;
    if (event.kind == SocketEvent::Kind::kClosed) actor->ready.erase(event.link);
  }
}

// The number that the socket's link has in the simulation; 0 if it has none.
std::uint64_t Run::WireOf(int number, LinkId link) const {
  const std::vector<sim::LinkReport> links = sim_.links();
  const auto it = std::ranges::find_if(links, [&](const sim::LinkReport& report) {
    return (report.dialer == number && report.dialer_link == link) ||
           (report.acceptor == number && report.acceptor_link == link);
  });
  return it == links.end() ? 0 : it->link;
}

// Sockets never break the protocol towards each other, whatever happens to their links.
void Run::CheckEvent(int number, const ActorPlan& plan, const SocketEvent& event) {
  const Cause cause = CauseOf(event.status);
  // Who may be refused tries again.
  const bool refused =
      cause == Cause::kPeerRejectedUs && plan.options.link.retry.peer_rejected_us == Retry::kNever;
  const bool blamed =
      cause == Cause::kPeerViolation || cause == Cause::kPeerIncompatible || refused;
  // In security or not, as it was meant to be.
  const bool ready = event.kind == SocketEvent::Kind::kReady && plan.type != kStream;
  const bool betrayed = ready && event.peer_info->mechanism != (plan_.curve ? "CURVE" : "NULL");
  const bool misses = event.kind == SocketEvent::Kind::kSubscriptionRefused && !plan_.bounded;
  if (blamed || betrayed || misses || event.kind == SocketEvent::Kind::kGaveUp) {
    oracle_.Violation(absl::StrCat("socket ", number, ": ", event.ToString()));
  }
}

// All that it was given to send is on its way, or counted as lost.
bool Run::NothingWaits(const Actor& actor) const {
  return !actor.closed && !publishes() && !DialsNobody(actor);
}

void Run::End() {
  for (const auto& actor : actors_) TakeEvents(actor.get());
  for (sim::Socket& socket : retired_) TakeEvents(&socket, nullptr);
  oracle_.Settle(sim_.links());
  for (const auto& actor : actors_) {
    CheckStreams(*actor);
    const sim::Socket& socket = actor->socket;
    if (NothingWaits(*actor)) oracle_.CheckAtRest(socket.number(), socket.stats());
    if (!socket.core().drained()) followed_.at(socket.number()).chronicle.OnLingerOver();
    actor->socket.OnMessage(nullptr);
    actor->socket.StartClose(absl::ZeroDuration());
  }
  Rest("at the end");
  // What clocks began comes to an end too.
  sim_.Run(absl::Seconds(10));
  for (const auto& actor : actors_) retired_.push_back(std::move(actor->socket));
  for (sim::Socket& socket : retired_) {
    if (!socket.core().drained()) {
      oracle_.Violation(absl::StrCat("socket ", socket.number(), " did not end"));
    }
    TakeEvents(&socket, nullptr);
    Chronicle& chronicle = followed_.at(socket.number()).chronicle;
    oracle_.Close(socket.number(), socket.stats(), chronicle.over());
    chronicle.Close(socket.stats());
    for (const std::string& sentence : chronicle.violations()) {
      oracle_.Violation(absl::StrCat("socket ", socket.number(), " (",
                                     SocketTypeName(socket.core().type()), ") ", sentence));
    }
  }
  retired_.clear();
  if (sim_.budget()->used() != 0) {
    oracle_.Violation(absl::StrCat(sim_.budget()->used(), " octets are still charged"));
  }
}

}  // namespace monocoque::testing
