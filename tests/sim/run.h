#ifndef MONOCOQUE_TESTS_SIM_RUN_H_
#define MONOCOQUE_TESTS_SIM_RUN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/sim/random.h"
#include "adapters/sim/simulation.h"
#include "adapters/zap.h"
#include "protocol/drive/ids.h"
#include "protocol/drive/instant.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/socket/event.h"
#include "protocol/wire/message.h"
#include "protocol/wire/socket_type.h"
#include "tests/sim/chronicle.h"
#include "tests/sim/eavesdropper.h"
#include "tests/sim/oracle.h"
#include "tests/sim/payload.h"
#include "tests/sim/plan.h"
#include "tests/sim/swarm.h"

namespace monocoque::testing {

// One plan, run. Phases: the play with all its mishaps; calm, until everything is at rest; a volley
// that must arrive whole; the end, with or without linger.
class Run {
 public:
  Run(std::uint64_t seed, const Plan& plan, const std::function<void(std::string_view)>& trace);

  SeedResult Go();

 private:
  struct Answer {
    Message message;
    PayloadId id;
    int asker = 0;
  };
  // What an application of a STREAM knows of one peer.
  struct Stream {
    std::string id;
    std::string octets;  // the begin of a message
    bool here = false;
    bool left = false;  // we ended its link: nobody tells when it is gone
  };
  // What a socket tells of itself.
  struct Followed {
    const ActorPlan* plan = nullptr;
    Chronicle chronicle;
  };
  // An application with one socket.
  struct Actor {
    const ActorPlan* plan = nullptr;
    std::size_t index = 0;
    bool left = false;
    sim::Socket socket;
    std::set<int> former;  // the numbers of the sockets it had before
    bool closed = false;   // it has none, for now or for good
    bool for_good = false;
    // It binds, and does not listen; it dials, and does not dial these. For now, or for good.
    bool unbound = false;
    bool unbound_for_good = false;
    std::set<std::size_t> away;
    std::set<std::size_t> away_for_good;
    std::size_t hung_up = 0;         // dialers that it ended
    std::map<LinkId, PeerId> ready;  // the links that are, as far as its events tell
    std::size_t left_to_send = 0;
    std::uint32_t next_sequence = 0;
    // Composed, and refused so far.
    std::optional<Message> pending;
    PayloadId pending_id;
    std::deque<Answer> answers;  // likewise
    // REQ
    PayloadId question;
    Instant asked;
    std::set<std::optional<std::uint64_t>> behind;  // links that gave it an earlier answer
    // SUB, XSUB, DISH
    std::multiset<std::string> prefixes;
    std::map<std::size_t, std::uint32_t> numbers;  // PEER: of those it dialed, by index
    std::map<std::uint64_t, Stream> streams;       // STREAM: by peer
  };

  void MakeSocket(Actor* actor);
  void StartClose(Actor* actor, absl::Duration linger);
  void LingerEnds(int number);
  void LingerEnds(sim::Socket* socket, Actor* actor);
  void Replace(Actor* actor, absl::Duration linger);
  void Wire(Actor* actor);
  void Dial(Actor* actor, const Actor& other);
  void WireLater(Actor* actor, absl::Duration delay);
  void Begin(Actor* actor);
  OracleRules RulesOf(const Actor& actor) const;
  std::string EndpointOf(const Actor& actor) const;
  bool asks() const {
    return plan_.pairing->play == Play::kAsk || plan_.pairing->play == Play::kAskMany;
  }
  bool publishes() const { return plan_.pairing->play == Play::kPublish; }
  bool is(const Actor& actor, SocketType type) const { return actor.plan->type == type; }

  // The play.
  void Tick(Actor* actor);
  void ChangeMind(Actor* actor, int left);
  absl::Status Want(Actor* actor, const std::string& prefix, bool on);
  void Look(Actor* actor);
  bool SendOne(Actor* actor);
  void Compose(Actor* actor, std::string topic);
  void Address(Actor* actor, Message* message);
  absl::Status Offer(Actor* actor);
  void NotePublished(Actor* actor, const Message& message);
  // It had no memory for a subscription.
  static bool RefusedAny(const Actor& actor) {
    return actor.socket.stats().subscriptions_refused > 0;
  }
  bool KnowsItsPeers(Actor* actor, const std::vector<sim::LinkReport>& links);
  void Handle(Actor* actor, const Message& message);
  void Reply(Actor* actor, const Payload& question, const Message& message);
  void OfferAnswers(Actor* actor);
  std::vector<std::size_t> DrawParts();
  std::string DrawTopic();
  void CheckAnswer(Actor* actor, const Payload& answer);
  void CheckMarks(const Actor& actor);
  void CheckBudget();

  // Octets (run_octets.cc).
  bool octets() const { return plan_.pairing->play == Play::kOctets; }
  Message Delimited(const Message& payload) const;
  std::vector<std::string> StreamsOf(const Actor& actor) const;
  void HandlePiece(Actor* actor, const Message& piece);
  void TakeMessages(Actor* actor, const Message& piece, Stream* stream);
  void CheckStreams(const Actor& actor);
  std::vector<std::uint64_t> StreamsThatAre(const Actor& actor) const;
  void LeaveStreams(Actor* actor, const std::vector<std::uint64_t>& were);

  // What goes wrong (run_mishaps.cc).
  void Plot(const Mishap& mishap);
  void Slow(const Actor& a, const Actor& b, absl::Duration lasts);
  sim::Path UsualPath() const;
  void Restart(Actor* actor, absl::Duration linger, absl::Duration gone);
  void ComeBack(Actor* actor);
  void Unbind(Actor* actor, const Mishap& mishap);
  void Rebind(Actor* actor);
  void SayMore(Actor* actor, const Mishap& mishap);
  std::set<LinkId> StandingLinks(const Actor& actor) const;
  void HangUp(const Actor& actor, std::string_view endpoint, const std::set<LinkId>& standing);
  void Disconnect(Actor* actor, const Actor& other, const Mishap& mishap);
  void Reconnect(Actor* actor, const Actor& other);
  bool HandedAll(const Actor& actor, std::string_view endpoint) const;

  // Afterwards (run_end.cc).
  void Rest(std::string_view when);
  bool MayWaitForMemory() const;
  void BecomeCalm();
  void Volley();
  void VolleyOf(Actor* actor);
  void Ask(Actor* actor);
  void PublishEach(Actor* publisher);
  void LastWords();
  void CutAny();
  void End();
  void TakeEvents(Actor* actor) { TakeEvents(&actor->socket, actor); }
  void TakeEvents(sim::Socket* socket, Actor* actor);
  void CheckEvent(int number, const ActorPlan& plan, const SocketEvent& event);
  bool NothingWaits(const Actor& actor) const;
  bool Joined(const Actor& a, const Actor& b) const;
  bool AnyOpposite(const Actor& actor) const;
  std::uint64_t WireOf(int number, LinkId link) const;
  bool DialsNobody(const Actor& actor) const;
  bool MayWaitForEver(const Actor& actor) const;

  // CURVE (run_security.cc).
  static Plan Secured(Plan plan, const std::shared_ptr<const Crypto>& crypto, std::uint64_t seed);
  bool serves(const Actor& actor) const { return plan_.curve && actor.left == plan_.left_serves; }
  std::shared_ptr<Authenticator> MakeDoorkeeper();

  const std::shared_ptr<Eavesdropper> eavesdropper_;
  const Plan plan_;
  sim::Random random_;
  Oracle oracle_;
  sim::Simulation sim_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<sim::Socket> retired_;
  std::map<int, Followed> followed_;  // by the socket's number
  std::int64_t limits_ = 0;           // of all sockets that were made
  bool calm_ = false;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_RUN_H_
