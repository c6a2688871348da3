#include "fuzz/tampering_crypto.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace monocoque::fuzz {

// An octet of the script says what happens to a box: nothing in half of all cases, else one octet
// changes, or the whole content from some place on.
void TamperingCrypto::Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
                           MutableBytes out) const {
  const std::uint8_t what = script_.Octet();
  const std::size_t size = head.size() + body.size();
  if (what % 2 == 0 || size == 0) {
    ForwardingCrypto::Seal(derived, counter, head, body, out);
    return;
  }
  std::string content(AsText(head));
  content += AsText(body);
  const std::size_t at = script_.Octet() % size;
  const Bytes fresh = what % 4 == 1 ? script_.Take(1) : script_.Take(what / 4);
  const std::size_t count = std::min(fresh.size(), size - at);
  content.replace(at, count, AsText(fresh.first(count)));
  tampered_ = tampered_ || count > 0;
  ForwardingCrypto::Seal(derived, counter, AsBytes(content).first(head.size()),
                         AsBytes(content).subspan(head.size()), out);
}

}  // namespace monocoque::fuzz
