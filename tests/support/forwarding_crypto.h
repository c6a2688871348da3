#ifndef MONOCOQUE_TESTS_SUPPORT_FORWARDING_CRYPTO_H_
#define MONOCOQUE_TESTS_SUPPORT_FORWARDING_CRYPTO_H_

#include <memory>
#include <utility>

#include "alloc/bytes.h"
#include "protocol/mechanism/crypto.h"

namespace monocoque::testing {

// Another's cryptography: for one that does something of it otherwise.
class ForwardingCrypto : public Crypto {
 public:
  explicit ForwardingCrypto(std::shared_ptr<const Crypto> real) : real_(std::move(real)) {}

  PublicKey PublicOf(const SecretKey& secret) const override { return real_->PublicOf(secret); }
  bool Agree(const PublicKey& theirs, const SecretKey& ours, SecretKey* shared) const override {
    return real_->Agree(theirs, ours, shared);
  }
  void Derive(const SecretKey& key, Bytes prefix, SecretKey* derived) const override {
    real_->Derive(key, prefix, derived);
  }
  void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
            MutableBytes out) const override {
    real_->Seal(derived, counter, head, body, out);
  }
  bool Open(const SecretKey& derived, Bytes counter, Bytes tag, Bytes sealed,
            MutableBytes out) const override {
    return real_->Open(derived, counter, tag, sealed, out);
  }

 private:
  const std::shared_ptr<const Crypto> real_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_FORWARDING_CRYPTO_H_
