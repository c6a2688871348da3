#ifndef MONOCOQUE_ADAPTERS_AUTH_SECRET_FILE_H_
#define MONOCOQUE_ADAPTERS_AUTH_SECRET_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "alloc/secret.h"

namespace monocoque {

// What a file holds; zeroed when it dies. Movable.
class SecretFile {
 public:
  // An error, with the path in front, if it cannot be read or is longer than `max_bytes`.
  static absl::StatusOr<SecretFile> Read(const std::string& path, std::size_t max_bytes);

  SecretFile(SecretFile&& other) noexcept : text_(std::move(other.text_)), mode_(other.mode_) {}
  SecretFile& operator=(SecretFile&& other) noexcept {
    std::swap(text_, other.text_);
    mode_ = other.mode_;
    return *this;
  }
  ~SecretFile() { Wipe(&text_); }

  std::string_view text() const { return text_; }
  // Its group, or everybody.
  bool others_can_read() const;
  bool others_can_change() const;
  // Permission denied, with the path in front, if everybody can change a file that says who comes
  // in.
  absl::Status CheckTrusted(std::string_view path) const;

 private:
  SecretFile() = default;

  std::string text_;
  unsigned mode_ = 0;  // 0 as well for a device
};

// Makes a file that was not there, with these permissions at most. On an error there is none.
absl::Status WriteNewFile(const std::string& path, unsigned mode, std::string_view text);

// "PATH: why", with nothing in it that a terminal would act on.
absl::Status FileError(absl::StatusCode code, std::string_view path, std::string_view why);

}  // namespace monocoque

#endif  // MONOCOQUE_ADAPTERS_AUTH_SECRET_FILE_H_
