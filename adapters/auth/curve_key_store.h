#ifndef MONOCOQUE_ADAPTERS_AUTH_CURVE_KEY_STORE_H_
#define MONOCOQUE_ADAPTERS_AUTH_CURVE_KEY_STORE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "adapters/zap.h"
#include "protocol/mechanism/crypto.h"

namespace monocoque {

// Lets in the CURVE clients whose public keys it knows, and says who they are. Whoever asks has
// proven to own the key, so comparing is all there is to do; others' mechanisms are refused.
//
// Thread-compatible: filled first, then given to any number of sockets.
class CurveKeyStore final : public Authenticator {
 public:
  // `user_id`: what PeerInfo and messages tell of this peer from then on. The last word about a key
  // counts.
  void Allow(const PublicKey& key, std::string user_id) { users_[key] = std::move(user_id); }
  std::size_t size() const { return users_.size(); }

  void Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) override;

 private:
  absl::flat_hash_map<PublicKey, std::string> users_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_AUTH_CURVE_KEY_STORE_H_
