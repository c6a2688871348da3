#ifndef MONOCOQUE_TESTS_SIM_RUN_H_
#define MONOCOQUE_TESTS_SIM_RUN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adapters/sim/random.h"
#include "adapters/sim/simulation.h"
#include "protocol/drive/instant.h"
#include "protocol/wire/message.h"
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
  // An application with one socket.
  struct Actor {
    const ActorPlan* plan = nullptr;
    std::size_t index = 0;
    bool left = false;
    sim::Socket socket;
    bool closed = false;
    std::size_t left_to_send = 0;
    std::uint32_t next_sequence = 0;
    // Composed, and refused so far.
    std::optional<Message> pending;
    PayloadId pending_id;
    std::deque<Message> answers;  // likewise
    std::deque<PayloadId> answer_ids;
    // REQ
    PayloadId question;
    Instant asked;
    // SUB, XSUB
    std::multiset<std::string> prefixes;
  };

  void MakeSocket(Actor* actor);
  void Replace(Actor* actor);
  void Wire(Actor* actor);
  std::string EndpointOf(const Actor& actor) const;
  bool asks() const {
    return plan_.pairing->play == Play::kAsk || plan_.pairing->play == Play::kAskMany;
  }
  bool publishes() const { return plan_.pairing->play == Play::kPublish; }

  // The play.
  void Tick(Actor* actor);
  void ChangeMind(Actor* actor, int left);
  void Look(Actor* actor);
  bool SendOne(Actor* actor);
  void Compose(Actor* actor, std::string topic);
  absl::Status Offer(Actor* actor);
  void Handle(Actor* actor, const Message& message);
  void Answer(Actor* actor, const Payload& question, const Message& message);
  void OfferAnswers(Actor* actor);
  std::vector<std::size_t> DrawParts();
  std::string DrawTopic();
  void Plot(const Mishap& mishap);
  void CheckMarks(const Actor& actor);

  // Afterwards.
  void Rest(std::string_view when);
  void BecomeCalm();
  void Volley();
  void VolleyOf(Actor* actor);
  void PublishEach(Actor* publisher);
  void LastWords();
  void End();
  void CheckEvents(Actor* actor);
  bool AnyOpposite(const Actor& actor) const;
  bool Wants(const Actor& subscriber, const std::string& topic) const;

  const Plan plan_;
  sim::Random random_;
  Oracle oracle_;
  sim::Simulation sim_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<sim::Socket> retired_;
  bool calm_ = false;
  bool binder_closed_ = false;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SIM_RUN_H_
