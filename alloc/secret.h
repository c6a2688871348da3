#ifndef MONOCOQUE_ALLOC_SECRET_H_
#define MONOCOQUE_ALLOC_SECRET_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "alloc/bytes.h"

namespace monocoque {

// Zeroes octets that were secret, also where the compiler sees that nobody reads them again.
void Wipe(MutableBytes octets);
// The same, with all that the string holds; it is empty then.
void Wipe(std::string* text);

// Whether both are the same, in a time that depends on their sizes alone.
bool SameSecret(Bytes a, Bytes b);

// Text that is zeroed when it dies, or is moved away, also where it is made of. Copies are secrets
// of their own.
class SecretText {
 public:
  SecretText() = default;
  SecretText(std::string&& text) : text_(std::move(text)) { Wipe(&text); }
  SecretText(const std::string& text) : text_(text) {}
  SecretText(const char* text) : text_(text) {}
  SecretText(const SecretText&) = default;
  SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) { Wipe(&other.text_); }
  SecretText& operator=(SecretText other) noexcept {
    Wipe(&text_);
    text_ = std::move(other.text_);
    return *this;
  }
  ~SecretText() { Wipe(&text_); }

  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

// Octets that are zeroed when they die. Copies are secrets of their own.
template <std::size_t kBytes>
class Secret {
 public:
  static constexpr std::size_t kSize = kBytes;

  Secret() = default;
  // The first kBytes of `octets`; what lacks is zero.
  explicit Secret(Bytes octets) {
    std::copy_n(octets.begin(), std::min(octets.size(), kBytes), octets_.begin());
  }
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { Wipe(octets_); }

  Bytes bytes() const { return octets_; }
  MutableBytes mutable_bytes() { return octets_; }

  friend bool operator==(const Secret& a, const Secret& b) {
    return SameSecret(a.octets_, b.octets_);
  }

 private:
  std::array<std::uint8_t, kBytes> octets_{};
};

}  // namespace monocoque

#endif  // MONOCOQUE_ALLOC_SECRET_H_
