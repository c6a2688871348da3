#ifndef MONOCOQUE_PROTOCOL_MECHANISM_MAKE_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_MAKE_H_

#include <memory>
#include <string>

#include "protocol/drive/entropy.h"
#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// The part of one handshake that `options`, which CheckMechanism let pass, ask for. `our_metadata`:
// the properties the peer is told, encoded.
std::unique_ptr<Mechanism> MakeMechanism(const MechanismOptions& options, std::string our_metadata,
                                         const Limits& limits, std::shared_ptr<Entropy> entropy);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_MAKE_H_
