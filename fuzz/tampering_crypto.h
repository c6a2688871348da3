#ifndef MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_
#define MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_

#include <memory>
#include <utility>

#include "alloc/bytes.h"
#include "fuzz/input.h"
#include "protocol/mechanism/crypto.h"

namespace monocoque::fuzz {

// Real cryptography in the hands of a peer that means harm: what goes into its boxes is changed by
// a script before it is sealed, so that the other side opens boxes that are good and hold anything.
class TamperingCrypto final : public Crypto {
 public:
  TamperingCrypto(std::shared_ptr<const Crypto> real, Input script)
      : real_(std::move(real)), script_(script) {}

  PublicKey PublicOf(const SecretKey& secret) const override { return real_->PublicOf(secret); }
  bool Agree(const PublicKey& theirs, const SecretKey& ours, SecretKey* shared) const override {
    return real_->Agree(theirs, ours, shared);
  }
  void Derive(const SecretKey& key, Bytes prefix, SecretKey* derived) const override {
    real_->Derive(key, prefix, derived);
  }
  void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
            MutableBytes out) const override;
  bool Open(const SecretKey& derived, Bytes counter, Bytes tag, Bytes sealed,
            MutableBytes out) const override {
    return real_->Open(derived, counter, tag, sealed, out);
  }

  // Some box holds something else than it should.
  bool tampered() const { return tampered_; }

 private:
  const std::shared_ptr<const Crypto> real_;
  mutable Input script_;
  mutable bool tampered_ = false;
};

}  // namespace monocoque::fuzz

#endif  // MONOCOQUE_FUZZ_TAMPERING_CRYPTO_H_
