#include "adapters/auth/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"

namespace monocoque {
namespace {

absl::Status SystemError(std::string_view path, int error) {
  return FileError(absl::StatusCode::kUnavailable, path, net::ErrorText(error));
}

// Adds what can be read, up to `most` octets, for which there is room: growing would leave copies
// behind.
int ReadAll(int fd, std::size_t most, std::string* text) {
  for (;;) {
    const std::size_t had = text->size();
    if (had == most) return 0;
    text->resize(most);
    const ssize_t got = read(fd, text->data() + had, most - had);
    const int error = errno;
    text->resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return 0;
    if (got < 0 && error != EINTR) return error;
  }
}

int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote >= 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

absl::Status FileError(absl::StatusCode code, std::string_view path, std::string_view why) {
  return absl::Status(code, absl::StrCat(absl::CHexEscape(path), ": ", why));
}

absl::StatusOr<SecretFile> SecretFile::Read(const std::string& path, std::size_t max_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return SystemError(path, errno);
  SecretFile file;
  struct stat info;
  int error = fstat(fd, &info) == 0 ? 0 : errno;
  if (error == 0) {
    // One octet more shows that there is more.
    std::size_t most = max_bytes + 1;
    if (S_ISREG(info.st_mode)) most = std::min(most, static_cast<std::size_t>(info.st_size) + 1);
    file.text_.reserve(most);
    error = ReadAll(fd, most, &file.text_);
  }
  close(fd);
  if (error != 0) return SystemError(path, error);
  if (file.text_.size() > max_bytes) {
    return FileError(absl::StatusCode::kInvalidArgument, path,
                     absl::StrCat("longer than ", max_bytes, " octets"));
  }
  file.mode_ = S_ISCHR(info.st_mode) ? 0 : info.st_mode;
  return file;
}

bool SecretFile::others_can_read() const { return (mode_ & (S_IRGRP | S_IROTH)) != 0; }
bool SecretFile::others_can_change() const { return (mode_ & (S_IWGRP | S_IWOTH)) != 0; }

absl::Status SecretFile::CheckTrusted(std::string_view path) const {
  if ((mode_ & S_IWOTH) == 0) return absl::OkStatus();
  return FileError(
      absl::StatusCode::kPermissionDenied, path,
      absl::StrCat("everybody can change this file, and so who comes in. Look at what it says, "
                   "then: chmod o-w ",
                   absl::CHexEscape(path)));
}

absl::Status WriteNewFile(const std::string& path, unsigned mode, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode);
  if (fd < 0 && errno == EEXIST) {
    return FileError(absl::StatusCode::kAlreadyExists, path,
                     "exists already and is left as it is; choose another name, or remove it");
  }
  if (fd < 0) return SystemError(path, errno);
  int error = WriteAll(fd, text);
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0) return absl::OkStatus();
  unlink(path.c_str());
  return SystemError(path, error);
}

}  // namespace monocoque
