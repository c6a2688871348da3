#ifndef MONOCOQUE_ADAPTERS_SODIUM_CRYPTO_H_
#define MONOCOQUE_ADAPTERS_SODIUM_CRYPTO_H_

#include <memory>

#include "protocol/mechanism/crypto.h"

namespace monocoque::sodium {

// libsodium's cryptography, for CurveClient::crypto and CurveServer::crypto. Null if libsodium
// cannot be used on this machine.
std::shared_ptr<const Crypto> MakeCrypto();

}  // namespace monocoque::sodium

#endif  // MONOCOQUE_ADAPTERS_SODIUM_CRYPTO_H_
