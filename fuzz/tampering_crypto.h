#ifndef MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_
#define MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_

#include <memory>
#include <utility>

#include "alloc/bytes.h"
#include "fuzz/input.h"
#include "protocol/mechanism/crypto.h"
#include "tests/support/forwarding_crypto.h"

namespace monocoque::fuzz {

// Real cryptography in the hands of a peer that means harm: what goes into its boxes is changed by
// a script before it is sealed, so that the other side opens boxes that are good and hold anything.
class TamperingCrypto final : public testing::ForwardingCrypto {
 public:
  TamperingCrypto(std::shared_ptr<const Crypto> real, Input script)
      : ForwardingCrypto(std::move(real)), script_(script) {}

  void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
            MutableBytes out) const override;

  // Some box holds something else than it should.
  bool tampered() const { return tampered_; }

 private:
  mutable Input script_;
  mutable bool tampered_ = false;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_
