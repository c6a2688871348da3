// What a run does once its play is over.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"
#include "tests/sim/run.h"

namespace monocoque::testing {

void Run::Rest(std::string_view when) {
  if (sim_.RunUntilIdle(absl::Hours(1))) return;
  oracle_.Violation(absl::StrCat("the sockets never came to rest ", when));
}

void Run::BecomeCalm() {
  calm_ = true;
  sim_.Calm();
  for (const auto& actor : actors_) {
    if (actor->closed) continue;
    actor->socket.OnMessage([this, who = actor.get()](Message message) { Handle(who, message); });
  }
  Rest("after it became calm");
}

bool Run::AnyOpposite(const Actor& actor) const {
  return std::ranges::any_of(
      actors_, [&](const auto& other) { return other->left != actor.left && !other->closed; });
}

// Everything works again: what is sent now arrives.
void Run::Volley() {
  for (const auto& actor : actors_) {
    // To a name that is gone for good messages may wait for ever.
    if (!binder_closed_ && !publishes()) oracle_.ForbidLoss(actor->socket.number());
  }
  for (const auto& actor : actors_) {
    const bool sends = actor->plan->messages > 0;
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
    const bool req = actor->plan->type == SocketType::kReq;
    // Its question, or the answer, is lost: it waits for ever.
    if (req && absl::IsUnavailable(actor->socket.core().ReceiveStatus())) return;
    if (!actor->pending) Compose(actor, DrawTopic());
    const absl::Status sent = Offer(actor);
    if (!sent.ok() && !binder_closed_) {
      oracle_.Violation(absl::StrCat("socket ", actor->socket.number(),
                                     " cannot send although all is calm: ", sent.ToString()));
    }
    if (!sent.ok()) actor->pending.reset();
    Rest("after a volley");
    if (req && sent.ok() && actor->asked != Instant()) {
      oracle_.Violation(absl::StrCat("socket ", actor->socket.number(), " got no answer"));
    }
  }
}

bool Run::Wants(const Actor& subscriber, const std::string& topic) const {
  return std::ranges::any_of(subscriber.prefixes,
                             [&](const std::string& prefix) { return topic.starts_with(prefix); });
}

// Subscriptions have converged: each topic reaches those who want it, and nobody else.
void Run::PublishEach(Actor* publisher) {
  for (std::string topic : {"aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc"}) {
    Compose(publisher, topic);
    const PayloadId id = publisher->pending_id;
    if (const absl::Status sent = Offer(publisher); !sent.ok()) {
      oracle_.Violation(absl::StrCat("cannot publish: ", sent.ToString()));
      publisher->pending.reset();
      continue;
    }
    Rest("after a publication");
    for (const auto& subscriber : actors_) {
      if (subscriber->left || subscriber->closed) continue;
      const int number = subscriber->socket.number();
      const bool got = oracle_.delivered_to(id).contains(number);
      if (got == Wants(*subscriber, topic)) continue;
      oracle_.Violation(absl::StrCat("topic ", topic, " of socket ", id.sender,
                                     got ? " reached" : " did not reach", " socket ", number));
    }
  }
}

// The left close while something is still to be sent: linger brings it home.
void Run::LastWords() {
  if (!plan_.ends_with_linger || publishes() || plan_.pairing->play == Play::kNames) return;
  for (const auto& actor : actors_) {
    if (!actor->left || actor->closed || !AnyOpposite(*actor)) continue;
    if (!binder_closed_) oracle_.ForbidLoss(actor->socket.number());
    for (int i = 0; i < 5; ++i) {
      if (!actor->pending) Compose(actor.get(), DrawTopic());
      if (!Offer(actor.get()).ok()) break;
    }
    actor->closed = true;
    // To names that are gone it would last for ever.
    actor->socket.StartClose(binder_closed_ ? absl::Seconds(10) : absl::Hours(1));
  }
  Rest("after lingering closes");
  for (const auto& actor : actors_) {
    if (!actor->closed || actor->socket.core().drained()) continue;
    oracle_.Violation(absl::StrCat("socket ", actor->socket.number(), " did not end"));
  }
}

// Sockets never break the protocol towards each other, whatever happens to their links.
void Run::CheckEvents(Actor* actor) {
  for (SocketEvent event; actor->socket.NextEvent(&event);) {
    const Cause cause = CauseOf(event.status);
    const bool blamed = cause == Cause::kPeerViolation || cause == Cause::kPeerIncompatible ||
                        cause == Cause::kPeerRejectedUs;
    if (blamed || event.kind == SocketEvent::Kind::kGaveUp ||
        event.kind == SocketEvent::Kind::kSubscriptionRefused) {
      oracle_.Violation(absl::StrCat("socket ", actor->socket.number(), ": ", event.ToString()));
    }
  }
}

void Run::End() {
  oracle_.Settle(sim_.links());
  for (const auto& actor : actors_) {
    CheckEvents(actor.get());
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
    oracle_.Close(socket.number(), socket.stats());
  }
  retired_.clear();
  if (sim_.budget()->used() != 0) {
    oracle_.Violation(absl::StrCat(sim_.budget()->used(), " octets are still charged"));
  }
}

}  // namespace monocoque::testing
