// CURVE in a run: the keys, and who decides about them.
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "protocol/drive/auth.h"
#include "protocol/mechanism/curve_keys.h"
#include "protocol/mechanism/options.h"
#include "tests/sim/run.h"

namespace monocoque::testing {
namespace {

constexpr absl::Duration kLongestThought = absl::Milliseconds(20);

// Lets in whose key it knows, after a while.
class Doorkeeper final : public Authenticator {
 public:
  Doorkeeper(std::set<std::string> known, sim::Simulation* sim, sim::Random random)
      : known_(std::move(known)), sim_(*sim), random_(random) {}

  void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override {
    const AuthStatus status =
        known_.contains(request->client_key) ? AuthStatus::kAccepted : AuthStatus::kRefused;
    sim_.After(random_.UpTo(kLongestThought),
               [reply = std::move(reply), status] { reply({.status = status}); });
  }

 private:
  const std::set<std::string> known_;
  sim::Simulation& sim_;
  sim::Random random_;
};

}  // namespace

// All servers go by one name, since who dials or is dialed by several has one to expect.
Plan Run::Secured(Plan plan, const std::shared_ptr<const Crypto>& crypto, std::uint64_t seed) {
  if (!plan.curve) return plan;
  sim::SeededEntropy entropy{sim::Random(seed)};
  const CurveKeyPair server = CurveKeyPair::Generate(*crypto, &entropy);
  for (std::size_t i = 0; i < plan.actors.size(); ++i) {
    MechanismOptions& mechanism = plan.actors[i].options.link.mechanism;
    if ((i < plan.left) == plan.left_serves) {
      mechanism = CurveServer{.keys = server, .crypto = crypto, .allow_any_key = !plan.asks};
    } else {
      mechanism = CurveClient{.server_key = server.public_key,
                              .keys = CurveKeyPair::Generate(*crypto, &entropy),
                              .crypto = crypto};
    }
  }
  return plan;
}

std::shared_ptr<Authenticator> Run::MakeDoorkeeper() {
  std::set<std::string> known;
  for (const ActorPlan& actor : plan_.actors) {
    if (const auto* client = std::get_if<CurveClient>(&actor.options.link.mechanism)) {
      known.emplace(AsText(Bytes(client->keys.public_key)));
    }
  }
  return std::make_shared<Doorkeeper>(std::move(known), &sim_, random_.Fork());
}

}  // namespace monocoque::testing
