#include "tests/sim/run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "protocol/drive/cause.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kAnswerPause = absl::Milliseconds(5);
// A REQ whose answer is lost would wait for ever.
constexpr absl::Duration kPatience = absl::Milliseconds(500);

sim::SimulationOptions WithEyes(sim::SimulationOptions options, Oracle* oracle,
                                const std::function<void(std::string_view)>& trace) {
  options.trace = trace;
  options.tap = [oracle](const sim::TappedOctets& tapped) { oracle->OnOctets(tapped); };
  return options;
}

bool IsNotice(const Message& message) {
  const Bytes bytes = message.bytes();
  return !bytes.empty() && bytes[0] <= 1;
}

}  // namespace

Run::Run(std::uint64_t seed, const Plan& plan, const std::function<void(std::string_view)>& trace)
    : plan_(plan), random_(~seed), sim_(WithEyes(plan.world, &oracle_, trace)) {
  for (std::size_t i = 0; i < plan_.actors.size(); ++i) {
    auto actor = std::make_unique<Actor>();
    actor->plan = &plan_.actors[i];
    actor->index = i;
    actor->left = i < plan_.left;
    actor->left_to_send = actor->plan->messages;
    MakeSocket(actor.get());
    actors_.push_back(std::move(actor));
  }
}

void Run::MakeSocket(Actor* actor) {
  actor->socket = sim_.MakeSocket(actor->plan->type, actor->plan->options);
  if (!actor->socket.status().ok()) {
    oracle_.Violation(std::string(actor->socket.status().message()));
  }
  oracle_.Add(actor->socket.number(), actor->plan->type);
  actor->next_sequence = 0;
  if (actor->plan->look == absl::ZeroDuration() || calm_) {
    actor->socket.OnMessage([this, actor](Message message) { Handle(actor, message); });
  }
}

std::string Run::EndpointOf(const Actor& actor) const {
  return absl::StrCat("sim://actor", actor.index);
}

void Run::Wire(Actor* actor) {
  if (actor->closed) return;
  if (actor->plan->binds) {
    if (auto bound = actor->socket.Bind(EndpointOf(*actor)); !bound.ok()) {
      oracle_.Violation(std::string(bound.status().message()));
    }
    return;
  }
  for (const auto& other : actors_) {
    if (other->left != actor->left) (void)actor->socket.Connect(EndpointOf(*other));
  }
}

// A new socket in place of one that waits for an answer that does not come.
void Run::Replace(Actor* actor) {
  actor->socket.StartClose(absl::ZeroDuration());
  retired_.push_back(std::exchange(actor->socket, sim::Socket()));
  actor->pending.reset();
  MakeSocket(actor);
  Wire(actor);
}

// ---- The play ----------------------------------------------------------------------------------

SeedResult Run::Go() {
  // Some dial before anybody listens.
  for (const auto& actor : actors_) {
    Actor* who = actor.get();
    sim_.After(random_.UpTo(absl::Milliseconds(100)), [this, who] { Wire(who); });
    if (who->left_to_send > 0) {
      sim_.After(random_.UpTo(who->plan->pause), [this, who] { Tick(who); });
    }
    if (publishes() && !who->left) ChangeMind(who, 12);
    if (who->plan->look > absl::ZeroDuration()) Look(who);
  }
  for (const Mishap& mishap : plan_.mishaps) Plot(mishap);
  const bool may_lose = !plan_.harmless() || plan_.pairing->play == Play::kNames || asks();
  for (const auto& actor : actors_) {
    if (!may_lose) oracle_.ForbidLoss(actor->socket.number());
  }
  sim_.Run(plan_.lasts);
  BecomeCalm();
  Volley();
  LastWords();
  SeedResult result;
  result.links = sim_.links().size();
  End();
  result.plan = plan_.ToString();
  result.trace_hash = sim_.trace_hash();
  result.accepted = oracle_.accepted();
  result.delivered = oracle_.delivered();
  result.gone_with_links = oracle_.gone_with_links();
  for (const std::string& sentence : oracle_.violations()) {
    absl::StrAppend(&result.violations, sentence, "\n");
  }
  return result;
}

void Run::Tick(Actor* actor) {
  if (calm_ || actor->closed) return;
  if (actor->plan->type == SocketType::kReq && !actor->plan->binds && actor->asked != Instant() &&
      sim_.now() - actor->asked > kPatience) {
    actor->asked = Instant();
    Replace(actor);
  }
  for (std::size_t i = 0; i < actor->plan->burst && actor->left_to_send > 0; ++i) {
    if (!SendOne(actor)) break;
    --actor->left_to_send;
  }
  CheckMarks(*actor);
  if (actor->left_to_send == 0) return;
  sim_.After(random_.UpTo(actor->plan->pause * 2), [this, actor] { Tick(actor); });
}

void Run::Look(Actor* actor) {
  sim_.After(random_.UpTo(actor->plan->look * 2), [this, actor] {
    if (calm_ || actor->closed) return;
    Message message;
    for (std::size_t i = 0; i < actor->plan->take && actor->socket.TryReceive(&message); ++i) {
      Handle(actor, message);
    }
    Look(actor);
  });
}

void Run::ChangeMind(Actor* actor, int left) {
  sim_.After(random_.UpTo(plan_.lasts / 10), [this, actor, left] {
    if (calm_ || actor->closed) return;
    std::string prefix = DrawTopic();
    prefix.resize(random_.Below(3));
    if (random_.Chance(0.4) && actor->prefixes.contains(prefix)) {
      (void)actor->socket.Unsubscribe(prefix);
      actor->prefixes.erase(actor->prefixes.find(prefix));
    } else if (actor->socket.Subscribe(prefix).ok()) {
      actor->prefixes.insert(prefix);
    }
    if (left > 1) ChangeMind(actor, left - 1);
  });
}

std::string Run::DrawTopic() {
  std::string topic(Payload::kTopicBytes, 'a');
  for (char& letter : topic) letter = "abc"[random_.Below(3)];
  return topic;
}

std::vector<std::size_t> Run::DrawParts() {
  const std::size_t parts = random_.Chance(0.7) ? 1 : random_.Between(2, 5);
  std::vector<std::size_t> bytes;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::uint64_t draw = random_.Below(100);
    const std::uint64_t most = draw < 60   ? 100
                               : draw < 90 ? std::min<std::size_t>(plan_.largest, 3000)
                                           : plan_.largest / parts;
    bytes.push_back(random_.Below(most + 1));
  }
  return bytes;
}

void Run::Compose(Actor* actor, std::string topic) {
  Payload payload;
  payload.id = {actor->socket.number(), actor->next_sequence++};
  payload.topic = std::move(topic);
  const bool delimiter =
      actor->plan->type == SocketType::kDealer && plan_.pairing->right == SocketType::kRep;
  actor->pending = payload.Make(DrawParts(), delimiter);
  actor->pending_id = payload.id;
  if (plan_.pairing->play == Play::kNames) {
    const std::size_t first = actor->left ? plan_.left : 0;
    const std::size_t count = actor->left ? actors_.size() - plan_.left : plan_.left;
    actor->pending->set_to(absl::StrCat("actor", first + random_.Below(count)));
  }
}

// What is pending to the socket, which takes it or not.
absl::Status Run::Offer(Actor* actor) {
  Message message = *actor->pending;
  absl::Status sent = actor->socket.TrySend(&message);
  if (sent.ok()) {
    oracle_.OnAccepted(actor->pending_id, *actor->pending);
    actor->question = actor->pending_id;
    actor->asked = sim_.now();
    actor->pending.reset();
  } else if (!(message == *actor->pending)) {
    oracle_.Violation(absl::StrCat("a refused message was changed: ", sent.message()));
  }
  return sent;
}

bool Run::SendOne(Actor* actor) {
  if (!actor->pending) Compose(actor, DrawTopic());
  const absl::Status sent = Offer(actor);
  if (sent.ok()) return true;
  // A name that nobody has now, or whose queue is full: the next message goes elsewhere.
  if (actor->plan->type == SocketType::kRouter) actor->pending.reset();
  return false;
}

void Run::Handle(Actor* actor, const Message& message) {
  const int number = actor->socket.number();
  if (actor->plan->type == SocketType::kXPub && IsNotice(message)) {
    oracle_.OnNotice(number);
    return;
  }
  Payload payload;
  if (!oracle_.OnReceived(number, message, &payload)) return;
  if (actor->plan->type == SocketType::kSub && !Wants(*actor, payload.topic)) {
    oracle_.Violation(absl::StrCat("socket ", number, " received topic ", payload.topic,
                                   ", to which it has no subscription"));
  }
  if (!asks()) return;
  if (!actor->left) {
    Answer(actor, payload, message);
    return;
  }
  const bool one_at_a_time = actor->plan->type == SocketType::kReq;
  if (payload.about.sender != number || (one_at_a_time && payload.about != actor->question)) {
    oracle_.Violation(absl::StrCat("socket ", number, " received an answer to question ",
                                   payload.about.sequence, " of socket ", payload.about.sender));
  }
  if (one_at_a_time) actor->asked = Instant();
}

void Run::Answer(Actor* actor, const Payload& question, const Message& message) {
  Payload payload;
  payload.id = {actor->socket.number(), actor->next_sequence++};
  payload.about = question.id;
  payload.topic = question.topic;
  const bool delimiter =
      actor->plan->type == SocketType::kRouter && plan_.pairing->left == SocketType::kReq;
  Message answer = payload.Make(DrawParts(), delimiter);
  if (actor->plan->type == SocketType::kRouter) answer.set_to(message.to());
  actor->answers.push_back(std::move(answer));
  actor->answer_ids.push_back(payload.id);
  OfferAnswers(actor);
}

void Run::OfferAnswers(Actor* actor) {
  while (!actor->answers.empty() && !actor->closed) {
    Message message = actor->answers.front();
    const absl::Status sent = actor->socket.TrySend(&message);
    if (absl::IsUnavailable(sent)) {
      sim_.After(kAnswerPause, [this, actor] { OfferAnswers(actor); });
      return;
    }
    if (sent.ok()) oracle_.OnAccepted(actor->answer_ids.front(), actor->answers.front());
    actor->answers.pop_front();
    actor->answer_ids.pop_front();
  }
}

// One peer: what was accepted and has not begun waits in its queue, in its link's chain, or in the
// batch that is out; each of the first two is held by the mark, and so is what a batch took of
// them.
void Run::CheckMarks(const Actor& actor) {
  const std::size_t mark = actor.plan->options.send_mark.messages;
  const std::size_t peers = actor.left ? actors_.size() - plan_.left : plan_.left;
  if (peers != 1 || mark == 0 || publishes() || actor.plan->type == SocketType::kRouter) return;
  const std::size_t waiting = oracle_.waiting(actor.socket.number());
  const std::uint64_t lost = actor.socket.stats().lost;
  if (waiting > 3 * mark + 2 + lost) {
    oracle_.Violation(absl::StrCat("socket ", actor.socket.number(), " holds ", waiting,
                                   " messages; its mark is ", mark));
  }
}

void Run::Plot(const Mishap& mishap) {
  sim_.After(mishap.at, [this, mishap] {
    Actor* a = actors_[mishap.actor].get();
    Actor* b = actors_[mishap.other].get();
    switch (mishap.kind) {
      case Mishap::Kind::kCut:
        sim_.Cut(a->socket, b->socket);
        return;
      case Mishap::Kind::kCutAfterBytes:
        sim_.CutAfterBytes(a->socket, b->socket, mishap.bytes);
        return;
      case Mishap::Kind::kPartition:
        sim_.Partition(a->socket, b->socket);
        sim_.After(mishap.lasts, [this, a, b] { sim_.Heal(a->socket, b->socket); });
        return;
      case Mishap::Kind::kFreeze:
        sim_.Freeze(a->socket, mishap.lasts);
        return;
      case Mishap::Kind::kClose:
        if (a->closed) return;
        a->closed = true;
        binder_closed_ = binder_closed_ || a->plan->binds;
        a->socket.StartClose(mishap.bytes % 2 == 0 ? absl::ZeroDuration() : mishap.lasts);
        return;
    }
  });
}

}  // namespace monocoque::testing
