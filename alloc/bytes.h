#ifndef MONOCOQUE_ALLOC_BYTES_H_
#define MONOCOQUE_ALLOC_BYTES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace monocoque {

// Octets somebody else owns. Never null-terminated, may be empty.
using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// The same octets seen as text and back; no copy, no ownership.
inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline MutableBytes AsMutableBytes(std::string* text) {
  return {reinterpret_cast<std::uint8_t*>(text->data()), text->size()};
}
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_BYTES_H_
