#include "alloc/secret.h"

#include <cstring>

namespace monocoque {

void Wipe(MutableBytes octets) {
  if (octets.empty()) return;
  std::memset(octets.data(), 0, octets.size());
  // The compiler must take the octets for read here, and so for written before.
  asm volatile("" : : "r"(octets.data()) : "memory");
}

void Wipe(std::string* text) {
  text->resize(text->capacity());
  Wipe(AsMutableBytes(text));
  text->clear();
}

bool SameSecret(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
    // Keeps the compiler from leaving early.
    asm volatile("" : "+r"(difference));
  }
  return difference == 0;
}

}  // namespace monocoque
