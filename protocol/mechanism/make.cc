#include "protocol/mechanism/make.h"

#include <utility>

#include "protocol/mechanism/curve_client.h"
#include "protocol/mechanism/curve_server.h"
#include "protocol/mechanism/null.h"
#include "protocol/mechanism/plain.h"

namespace monocoque {
namespace {

struct Maker {
  std::unique_ptr<Mechanism> operator()(const NullMechanism& null) {
    return std::make_unique<NullHandshake>(null, std::move(our_metadata), limits);
  }
  std::unique_ptr<Mechanism> operator()(const PlainClient& plain) {
    return std::make_unique<PlainClientHandshake>(plain, std::move(our_metadata), limits);
  }
  std::unique_ptr<Mechanism> operator()(const PlainServer& plain) {
    return std::make_unique<PlainServerHandshake>(plain, std::move(our_metadata), limits);
  }
  std::unique_ptr<Mechanism> operator()(const CurveClient& curve) {
    return std::make_unique<CurveClientHandshake>(curve, std::move(our_metadata), limits,
                                                  std::move(entropy));
  }
  std::unique_ptr<Mechanism> operator()(const CurveServer& curve) {
    return std::make_unique<CurveServerHandshake>(curve, std::move(our_metadata), limits,
                                                  std::move(entropy));
  }

  std::string our_metadata;
  const Limits& limits;
  std::shared_ptr<Entropy> entropy;
};

}  // namespace

std::unique_ptr<Mechanism> MakeMechanism(const MechanismOptions& options, std::string our_metadata,
                                         const Limits& limits, std::shared_ptr<Entropy> entropy) {
  return VisitMechanism(options, Maker{std::move(our_metadata), limits, std::move(entropy)});
}

}  // namespace monocoque
