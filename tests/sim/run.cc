#include "tests/sim/run.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/sodium/crypto.h"
#include "alloc/bytes.h"
#include "protocol/drive/mark.h"
#include "protocol/wire/routing_number.h"

namespace monocoque::testing {
namespace {

using enum SocketType;

constexpr absl::Duration kRetryPause = absl::Milliseconds(5);
// A REQ whose answer is lost would wait for ever.
constexpr absl::Duration kPatience = absl::Milliseconds(500);
// Whoever lingers for so long is to end before that.
constexpr absl::Duration kLong = absl::Minutes(1);

sim::SimulationOptions WithEyes(const Plan& plan, Oracle* oracle, Eavesdropper* eavesdropper,
                                const std::function<void(std::string_view)>& trace) {
  sim::SimulationOptions options = plan.world;
  options.trace = trace;
  options.tap = [oracle](const sim::TappedOctets& tapped) { oracle->OnOctets(tapped); };
  if (!plan.curve) return options;
  options.tap = [oracle, eavesdropper](const sim::TappedOctets& tapped) {
    const std::string seen = eavesdropper->SeeThrough(tapped);
    oracle->OnOctets({tapped.link, tapped.from, tapped.to, AsBytes(seen)});
  };
  return options;
}

bool IsNotice(const Message& message) {
  const Bytes bytes = message.bytes();
  return !bytes.empty() && bytes[0] <= 1;
}

bool SendsOnePart(SocketType type) {
  return type == kClient || type == kServer || type == kRadio || type == kScatter ||
         type == kPeer || type == kChannel || type == kStream;
}

}  // namespace

Run::Run(std::uint64_t seed, const Plan& plan, const std::function<void(std::string_view)>& trace)
    : eavesdropper_(std::make_shared<Eavesdropper>(sodium::MakeCrypto())),
      plan_(Secured(plan, eavesdropper_, seed)),
      random_(~seed),
      sim_(WithEyes(plan, &oracle_, eavesdropper_.get(), trace)) {
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

OracleRules Run::RulesOf(const Actor& actor) const {
  const SocketOptions& options = actor.plan->options;
  OracleRules rules = {.type = actor.plan->type, .place = actor.index};
  const Mark standard;
  const bool has_mark =
      options.send_mark.messages < standard.messages || options.send_mark.bytes < standard.bytes;
  rules.conflates = options.conflate;
  rules.dials = !actor.plan->binds && !options.conflate;
  rules.keeps = rules.dials && !options.link.immediate;
  // A heartbeat asks its peer to give up, too; and who takes a name over ends another's link.
  rules.gives_up = plan_.bounded || std::ranges::any_of(plan_.actors, [](const ActorPlan& each) {
                     return each.options.link.heartbeat.interval > absl::ZeroDuration() ||
                            each.options.router_id_clash == RoutingIdClash::kHandOver;
                   });
  // What is dialed may be subscribed, or an XSUB's, while no link may send: its next one waits for
  // the last batch of the one before.
  rules.drops_copies = (has_mark && !options.xpub_nodrop) || options.conflate || plan_.bounded ||
                       (!actor.plan->binds && options.link.immediate);
  const bool hands_over = options.router_id_clash == RoutingIdClash::kHandOver;
  rules.refuses_peers =
      is(actor, kPair) || is(actor, kChannel) || (is(actor, kRouter) && !hands_over);
  // Without memory to say what it wants it ends the link, and does not hear the rest.
  if (plan_.bounded && publishes() && !actor.left) rules.refuses_peers = true;
  if (is(actor, kDealer) && plan_.pairing->right == kRep) rules.envelope_parts = 1;
  if (is(actor, kRouter) && plan_.pairing->left == kReq) rules.envelope_parts = 2;
  rules.boxed = plan_.curve;
  return rules;
}

void Run::MakeSocket(Actor* actor) {
  actor->socket = sim_.MakeSocket(actor->plan->type, actor->plan->options);
  // One may be unlimited: the sum must not wrap around.
  limits_ += std::min(actor->plan->options.budget_bytes, plan_.world.budget_bytes);
  if (!actor->socket.status().ok()) {
    oracle_.Violation(std::string(actor->socket.status().message()));
  }
  if (serves(*actor) && plan_.asks) actor->socket.SetAuthenticator(MakeDoorkeeper());
  oracle_.Add(actor->socket.number(), RulesOf(*actor));
  followed_.try_emplace(
      actor->socket.number(),
      Followed{actor->plan, Chronicle(!actor->plan->options.link.immediate && !is(*actor, kRep))});
  actor->closed = false;
  actor->ready.clear();
  actor->next_sequence = 0;
  actor->numbers.clear();
  actor->streams.clear();
  actor->unbound = actor->unbound_for_good = false;
  actor->away.clear();
  actor->away_for_good.clear();
  actor->hung_up = 0;
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
    if (actor->unbound) return;
    const absl::Status bound = actor->socket.Bind(EndpointOf(*actor)).status();
    if (absl::IsAlreadyExists(bound) &&
        (!actor->former.empty() || plan_.has(Mishap::Kind::kUnbind))) {
      // Who had the name before stands still, and has it still.
      WireLater(actor, kRetryPause);
    } else if (!bound.ok()) {
      oracle_.Violation(std::string(bound.message()));
    }
    return;
  }
  for (const auto& other : actors_) {
    if (other->left != actor->left && !actor->away.contains(other->index)) Dial(actor, *other);
  }
}

void Run::Dial(Actor* actor, const Actor& other) {
  if (!is(*actor, kPeer)) {
    (void)actor->socket.Connect(EndpointOf(other));
  } else if (const auto number = actor->socket.ConnectPeer(EndpointOf(other)); number.ok()) {
    actor->numbers[other.index] = *number;
  }
}

void Run::WireLater(Actor* actor, absl::Duration delay) {
  sim_.After(delay, [this, actor, number = actor->socket.number()] {
    if (actor->socket.number() == number) Wire(actor);
  });
}

void Run::StartClose(Actor* actor, absl::Duration linger) {
  const int number = actor->socket.number();
  oracle_.OnClosing(number, sim_.now() + linger);
  TakeEvents(actor);
  if (linger <= absl::ZeroDuration()) {
    followed_.at(number).chronicle.OnLingerOver();
  } else if (linger < kLong) {
    sim_.After(linger - absl::Nanoseconds(1), [this, number] { LingerEnds(number); });
  }
  actor->closed = true;
  actor->pending.reset();
  actor->answers.clear();
  actor->asked = Instant();
  actor->socket.StartClose(linger);
}

// What it lost so far it lost without need.
void Run::LingerEnds(int number) {
  const auto is_it = [number](const sim::Socket& socket) { return socket.number() == number; };
  for (const auto& actor : actors_) {
    if (is_it(actor->socket)) LingerEnds(&actor->socket, actor.get());
  }
  for (sim::Socket& socket : retired_) {
    if (is_it(socket)) LingerEnds(&socket, nullptr);
  }
}

void Run::LingerEnds(sim::Socket* socket, Actor* actor) {
  TakeEvents(socket, actor);
  if (!socket->core().drained()) followed_.at(socket->number()).chronicle.OnLingerOver();
}

// A new socket in place of the old one, with everything that the application wants.
void Run::Replace(Actor* actor, absl::Duration linger) {
  if (!actor->closed) StartClose(actor, linger);
  actor->former.insert(actor->socket.number());
  retired_.push_back(std::exchange(actor->socket, sim::Socket()));
  MakeSocket(actor);
  Wire(actor);
  for (const std::string& prefix : actor->prefixes) (void)Want(actor, prefix, true);
}

// ---- The play ----------------------------------------------------------------------------------

void Run::Begin(Actor* actor) {
  WireLater(actor, random_.UpTo(absl::Milliseconds(100)));
  if (actor->left_to_send > 0) {
    sim_.After(random_.UpTo(actor->plan->pause), [this, actor] { Tick(actor); });
  }
  if (publishes() && !actor->left) ChangeMind(actor, 12);
  if (actor->plan->look > absl::ZeroDuration()) Look(actor);
}

SeedResult Run::Go() {
  // Some dial before anybody listens.
  for (const auto& actor : actors_) Begin(actor.get());
  for (const Mishap& mishap : plan_.mishaps) Plot(mishap);
  const bool may_lose =
      !plan_.harmless() || plan_.pairing->play == Play::kNames || asks() || publishes();
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
  result.owed = oracle_.owed();
  result.gone_with_links = oracle_.gone_with_links();
  for (const std::string& sentence : oracle_.violations()) {
    absl::StrAppend(&result.violations, sentence, "\n");
  }
  return result;
}

void Run::Tick(Actor* actor) {
  if (calm_ || actor->for_good) return;
  if (is(*actor, kReq) && !actor->closed && !actor->plan->binds && actor->asked != Instant() &&
      sim_.now() - actor->asked > kPatience) {
    Replace(actor, absl::ZeroDuration());
  }
  for (std::size_t i = 0; i < actor->plan->burst && actor->left_to_send > 0; ++i) {
    if (actor->closed || !SendOne(actor)) break;
    --actor->left_to_send;
  }
  if (!actor->closed) CheckMarks(*actor);
  if (actor->left_to_send == 0) return;
  sim_.After(random_.UpTo(actor->plan->pause * 2), [this, actor] { Tick(actor); });
}

void Run::Look(Actor* actor) {
  sim_.After(random_.UpTo(actor->plan->look * 2), [this, actor] {
    if (calm_ || actor->for_good) return;
    if (!actor->closed) CheckMarks(*actor);
    Message message;
    for (std::size_t i = 0; i < actor->plan->take && !actor->closed; ++i) {
      if (!actor->socket.TryReceive(&message)) break;
      Handle(actor, message);
    }
    Look(actor);
  });
}

absl::Status Run::Want(Actor* actor, const std::string& prefix, bool on) {
  sim::Socket& socket = actor->socket;
  const bool dish = is(*actor, kDish);
  const absl::Status done = on ? (dish ? socket.Join(prefix) : socket.Subscribe(prefix))
                               : (dish ? socket.Leave(prefix) : socket.Unsubscribe(prefix));
  if (done.ok()) oracle_.OnSubscribed(socket.number(), prefix, on);
  return done;
}

void Run::ChangeMind(Actor* actor, int left) {
  sim_.After(random_.UpTo(plan_.lasts / 10), [this, actor, left] {
    if (calm_ || actor->closed) return;
    const bool dish = is(*actor, kDish);
    std::string prefix = DrawTopic();
    if (!dish) prefix.resize(random_.Below(3));
    const auto had = actor->prefixes.find(prefix);
    if (had != actor->prefixes.end() && (dish || random_.Chance(0.4))) {
      if (Want(actor, prefix, false).ok()) actor->prefixes.erase(had);
    } else if (Want(actor, prefix, true).ok()) {
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
  const bool one = random_.Chance(0.7) || SendsOnePart(plan_.pairing->left);
  const std::size_t parts = one ? 1 : random_.Between(2, 5);
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

// To whom the pending message goes, where that is the sender's to say. Once it is calm to those
// alone who are there.
void Run::Address(Actor* actor, Message* message) {
  if (is(*actor, kPeer) && !actor->numbers.empty()) {
    const auto at = static_cast<std::ptrdiff_t>(random_.Below(actor->numbers.size()));
    message->set_to(Bytes(RoutingIdOf(std::next(actor->numbers.begin(), at)->second)));
  }
  if (octets()) {
    const std::vector<std::string> ids = StreamsOf(*actor);
    if (!ids.empty()) message->set_to(ids[random_.Below(ids.size())]);
  }
  if (plan_.pairing->play != Play::kNames) return;
  std::vector<std::size_t> names;
  for (const auto& other : actors_) {
    if (other->left == actor->left || (calm_ && !Joined(*actor, *other))) continue;
    names.push_back(other->index);
  }
  if (!names.empty()) message->set_to(absl::StrCat("actor", names[random_.Below(names.size())]));
}

void Run::Compose(Actor* actor, std::string topic) {
  Payload payload;
  payload.id = {actor->socket.number(), actor->next_sequence++};
  payload.topic = std::move(topic);
  const bool to_rep = is(*actor, kDealer) && plan_.pairing->right == kRep;
  actor->pending = payload.Make(DrawParts(), std::vector<std::string>(to_rep ? 1 : 0));
  actor->pending_id = payload.id;
  if (octets()) actor->pending = Delimited(*actor->pending);
  if (is(*actor, kRadio)) actor->pending->set_group(payload.topic);
  Address(actor, &*actor->pending);
}

// What is pending to the socket, which takes it or not.
absl::Status Run::Offer(Actor* actor) {
  Message message = *actor->pending;
  absl::Status sent = actor->socket.TrySend(&message);
  if (sent.ok()) {
    oracle_.OnAccepted(actor->pending_id, *actor->pending);
    if (publishes()) NotePublished(actor, *actor->pending);
    actor->question = actor->pending_id;
    actor->asked = sim_.now();
    actor->pending.reset();
  } else if (!(message == *actor->pending)) {
    oracle_.Violation(absl::StrCat("a refused message was changed: ", sent.message()));
  }
  return sent;
}

// To whom the message goes is told where it is sure what the publisher knows.
void Run::NotePublished(Actor* actor, const Message& message) {
  const std::vector<sim::LinkReport> links = sim_.links();
  if (KnowsItsPeers(actor, links)) oracle_.OnPublished(actor->pending_id, message, links);
}

// It has no link that it takes for alive and is not, nor the other way round, and has dealt with
// all that it read.
bool Run::KnowsItsPeers(Actor* actor, const std::vector<sim::LinkReport>& links) {
  TakeEvents(actor);
  const int number = actor->socket.number();
  const auto alive =
      static_cast<std::size_t>(std::ranges::count_if(links, [number](const sim::LinkReport& link) {
        return link.until.is_never() && ((link.dialer == number && link.dialer_ready) ||
                                         (link.acceptor == number && link.acceptor_ready));
      }));
  // One peer's older link may not be over, whatever its newer one is.
  std::set<PeerId> peers;
  for (const auto& [link, peer] : actor->ready) peers.insert(peer);
  if (alive != actor->ready.size() || alive != peers.size() || RefusedAny(*actor)) return false;
  return std::ranges::all_of(peers, [&](PeerId peer) {
    const std::optional<PeerStats> stats = actor->socket.core().peer_stats(peer);
    return stats && stats->ready && (is(*actor, kXSub) || stats->unreceived_bytes == 0);
  });
}

bool Run::SendOne(Actor* actor) {
  if (octets() && StreamsOf(*actor).empty()) return false;
  if (!actor->pending) Compose(actor, DrawTopic());
  const absl::Status sent = Offer(actor);
  if (sent.ok()) return true;
  // A name that nobody has now, or whose queue is full: the next message goes elsewhere.
  if (is(*actor, kRouter) || is(*actor, kPeer) || octets()) actor->pending.reset();
  return false;
}

void Run::Handle(Actor* actor, const Message& message) {
  const int number = actor->socket.number();
  if (is(*actor, kXPub) && IsNotice(message)) {
    oracle_.OnNotice(number);
    return;
  }
  if (octets()) {
    HandlePiece(actor, message);
    return;
  }
  Payload payload;
  if (!oracle_.OnReceived(number, message, &payload) || !asks()) return;
  if (!actor->left) {
    Reply(actor, payload, message);
    return;
  }
  CheckAnswer(actor, payload);
  if (is(*actor, kReq)) actor->asked = Instant();
}

// An answer is one to the last question of a REQ, to any of others. Three things bring another:
//   * a REQ that gave a question up may take its late answer for the new one, unless correlated;
//   * so it may when the question's link is over and the answer comes on another: who was dialed by
//     a ROUTER, SERVER or PEER has one queue over all its links (ALL-1), whoever it is meanwhile;
//   * for the same reason the answer may be to one who had the endpoint before, or, with a routing
//   id
//     of its own, the name: ROUTER looks for whoever has it now.
// From then on each answer on that link may be one behind: the right one for the last question is
// taken for the next.
void Run::CheckAnswer(Actor* actor, const Payload& answer) {
  const Actor& asker = *actor;
  const PayloadId about = answer.about;
  const bool own = about.sender == asker.socket.number();
  const SocketOptions& options = asker.plan->options;
  if (own && (!is(asker, kReq) || about == asker.question)) return;
  const bool any_counts = !is(asker, kReq) || !options.req_correlate;
  if (own && any_counts && options.req_relaxed) return;
  const std::optional<std::uint64_t> link = oracle_.link_of(answer.id);
  const bool moved = oracle_.link_of(about) != link || actor->behind.contains(link);
  const bool found_again =
      plan_.pairing->right != kRep && (asker.plan->binds || !options.routing_id.empty());
  if (any_counts && moved && found_again && (own || asker.former.contains(about.sender))) {
    actor->behind.insert(link);
    return;
  }
  oracle_.Violation(absl::StrCat("socket ", asker.socket.number(),
                                 " received an answer to question ", about.sequence, " of socket ",
                                 about.sender));
}

void Run::Reply(Actor* actor, const Payload& question, const Message& message) {
  Payload payload;
  payload.id = {actor->socket.number(), actor->next_sequence++};
  payload.about = question.id;
  payload.topic = question.topic;
  Answer answer;
  answer.message = payload.Make(DrawParts(), Payload::EnvelopeOf(message));
  if (!is(*actor, kRep)) answer.message.set_to(message.to());
  answer.id = payload.id;
  answer.asker = question.id.sender;
  actor->answers.push_back(std::move(answer));
  OfferAnswers(actor);
}

// For as long as the asker is there to hear it.
void Run::OfferAnswers(Actor* actor) {
  while (!actor->answers.empty() && !actor->closed) {
    const Answer& answer = actor->answers.front();
    Message message = answer.message;
    const absl::Status sent = actor->socket.TrySend(&message);
    const bool heard = std::ranges::any_of(actors_, [&](const auto& other) {
      return !other->closed && other->socket.number() == answer.asker &&
             (!calm_ || Joined(*actor, *other));
    });
    if (absl::IsUnavailable(sent) && (heard || is(*actor, kRep))) {
      sim_.After(kRetryPause, [this, actor] { OfferAnswers(actor); });
      return;
    }
    if (sent.ok()) oracle_.OnAccepted(answer.id, answer.message);
    actor->answers.pop_front();
  }
}

// What sockets hold is within their budgets, but for a message each way, which is not charged to
// them.
void Run::CheckBudget() {
  const std::int64_t used = sim_.budget()->used();
  if (used <= std::min(plan_.world.budget_bytes, limits_)) return;
  oracle_.Violation(absl::StrCat(used, " octets are charged to budgets of ", limits_,
                                 " octets, all together of ", plan_.world.budget_bytes));
}

void Run::CheckMarks(const Actor& actor) {
  const SocketOptions& options = actor.plan->options;
  const int number = actor.socket.number();
  const std::vector<sim::LinkReport> links = sim_.links();
  if (publishes()) {
    oracle_.CheckOwed(number, options.send_mark, links, actor.socket.stats());
  } else if (!options.conflate) {
    const std::size_t opposite = actor.left ? actors_.size() - plan_.left : plan_.left;
    // Who binds has a peer for each link, and for one that is over until its batch is back.
    const auto accepted =
        static_cast<std::size_t>(std::ranges::count(links, number, &sim::LinkReport::acceptor));
    oracle_.CheckHeld(number, options.send_mark,
                      actor.plan->binds ? accepted : opposite + actor.hung_up,
                      actor.socket.stats());
  }
  CheckBudget();
  // With conflation nothing waits.
  const std::size_t read_bytes = options.conflate ? 0 : plan_.world.faults.max_read_bytes;
  if (read_bytes > 0 && (is(actor, kPull) || is(actor, kDealer) || is(actor, kPair) ||
                         is(actor, kGather) || is(actor, kChannel))) {
    Mark mark = options.receive_mark;
    // Shuffled, several reads come before the socket has its turn and sees them.
    if (plan_.world.shuffle) mark.bytes = 0;
    oracle_.CheckUntaken(number, mark, read_bytes, links);
  }
}

}  // namespace monocoque::testing
