#include "cli/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace monocoque::cli {
namespace {

// A terminal that was stopped says it can be written while so much still fits.
constexpr std::size_t kTerminalBytes = 128;
constexpr std::size_t kFileBytes = 1 << 20;

}  // namespace

void OccupyStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Opened for reading: the lowest free descriptor is this one, and writing to it fails.
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)!open("/dev/null", O_RDONLY);
  }
}

void Note(std::string_view line) {
  std::string text = absl::StrCat(line, "\n");
  // Nobody is left to hear that stderr is gone.
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

void Complain(std::string_view why) {
  std::string line = "monocoque: ";
  for (char c : why) line += c == '\\' ? std::string(1, c) : Escape(std::string_view(&c, 1));
  Note(line);
}

Output::Output(Tasks* tasks) : tasks_(*tasks), chunk_bytes_(PIPE_BUF) {
  struct stat info;
  if (isatty(STDOUT_FILENO) == 1) {
    chunk_bytes_ = kTerminalBytes;
  } else if (fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode)) {
    chunk_bytes_ = kFileBytes;
  }
}

Task<absl::Status> Output::Write(std::string text) {
  std::string_view left = text;
  while (!left.empty()) {
    pollfd ready{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0) {
      co_await tasks_.Writable(STDOUT_FILENO);
      continue;
    }
    const ssize_t wrote = write(STDOUT_FILENO, left.data(), std::min(left.size(), chunk_bytes_));
    if (wrote >= 0) {
      left.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno == EPIPE || errno == EBADF) {
      co_return absl::UnavailableError("stdout is closed");
    } else if (errno != EINTR && errno != EAGAIN) {
      std::array<char, 128> buffer{};
      co_return absl::UnavailableError(
          absl::StrCat("stdout: ", strerror_r(errno, buffer.data(), buffer.size())));
    }
  }
  co_return absl::OkStatus();
}

}  // namespace monocoque::cli
