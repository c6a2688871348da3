#include "adapters/auth/curve_key_store.h"

#include <algorithm>

#include "alloc/bytes.h"

namespace monocoque {

void CurveKeyStore::Authenticate(std::shared_ptr<const AuthRequest> request, Reply reply) {
  AuthVerdict verdict{.status = AuthStatus::kRefused, .text = "the key is not allowed"};
  PublicKey key{};
  if (request->by_curve() && request->client_key.size() == key.size()) {
    std::ranges::copy(AsBytes(request->client_key), key.begin());
    if (const auto user = users_.find(key); user != users_.end()) {
      verdict = {.status = AuthStatus::kAccepted, .text = "", .user_id = user->second};
    }
  }
  reply(verdict);
}

}  // namespace monocoque
