#include "tests/support/security.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "adapters/sodium/crypto.h"
#include "protocol/connection/connection.h"
#include "protocol/connection/event.h"

namespace monocoque::testing {

const std::shared_ptr<const Crypto>& TestCrypto() {
  static const auto* crypto = new std::shared_ptr<const Crypto>(sodium::MakeCrypto());
  return *crypto;
}

CurveKeyPair CountedKeys(int first) {
  std::array<std::uint8_t, crypto::kKeyBytes> octets;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(first) + i);
  }
  return CurveKeyPair::FromSecret(*TestCrypto(), SecretKey(octets));
}

CurveServer TestCurveServer(bool allow_any_key) {
  return {.keys = CountedKeys(0),
          .crypto = TestCrypto(),
          .domain = allow_any_key ? "" : "test",
          .allow_any_key = allow_any_key};
}

CurveClient TestCurveClient() {
  return {
      .server_key = CountedKeys(0).public_key, .keys = CountedKeys(0x20), .crypto = TestCrypto()};
}

void QueuedEntropy::Fill(MutableBytes out) {
  if (octets_.empty() || octets_.front().size() != out.size()) {
    rest_.Fill(out);
    return;
  }
  std::ranges::copy(AsBytes(octets_.front()), out.begin());
  octets_.pop_front();
}

std::shared_ptr<const AuthRequest> Asked(const End& end) {
  for (auto event = end.events.rbegin(); event != end.events.rend(); ++event) {
    if (event->kind == ConnectionEvent::Kind::kAuthenticate) return event->auth;
  }
  return nullptr;
}

bool Answer(End* end, const AuthVerdict& verdict, Instant now) {
  if (Asked(*end) == nullptr) return false;
  end->connection->Authorize(verdict, now);
  return true;
}

}  // namespace monocoque::testing
