#include "cli/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"
#include "cli/text.h"

namespace monocoque::cli {
namespace {

// A terminal that was stopped says it can be written while so much still fits.
constexpr std::size_t kTerminalBytes = 128;
constexpr std::size_t kFileBytes = 1 << 20;

// What can be written at once without blocking, where poll(2) says that something can.
std::size_t ChunkBytes(int fd) {
  struct stat info;
  if (isatty(fd) == 1) return kTerminalBytes;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? kFileBytes : PIPE_BUF;
}

// Writes what stderr takes now; false: it was not all. Nobody is left to hear that stderr is gone.
bool WriteStderr(std::string_view text) {
  static const std::size_t chunk = ChunkBytes(STDERR_FILENO);
  while (!text.empty()) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0) return false;
    const ssize_t wrote = write(STDERR_FILENO, text.data(), std::min(text.size(), chunk));
    if (wrote < 0) return errno != EAGAIN;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

// Lines that stderr had no room for since the last one that it took.
std::uint64_t missing_lines = 0;

}  // namespace

void OccupyStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Opened for reading: the lowest free descriptor is this one, and writing to it fails.
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)!open("/dev/null", O_RDONLY);
  }
}

void Note(std::string_view line) {
  std::string text;
  if (missing_lines > 0) {
    text =
        absl::StrCat("monocoque: ", missing_lines, missing_lines == 1 ? " line is" : " lines are",
                     " missing here: nobody read stderr\n");
  }
  absl::StrAppend(&text, line, "\n");
  missing_lines = WriteStderr(text) ? 0 : missing_lines + 1;
}

void Complain(std::string_view why) {
  std::string line = "monocoque: ";
  for (char c : why) line += c == '\\' ? std::string(1, c) : Escape(std::string_view(&c, 1));
  Note(line);
}

void Recurring::Happen(std::string_view what) {
  if (count_++ == 0) Complain(what);
}

void Recurring::TellSum() const {
  if (count_ > 1) Complain(absl::StrCat(count_, sum_));
}

Output::Output(Tasks* tasks) : tasks_(*tasks), chunk_bytes_(ChunkBytes(STDOUT_FILENO)) {}

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
      co_return absl::UnavailableError(kClosed);
    } else if (errno != EINTR && errno != EAGAIN) {
      co_return absl::UnavailableError(absl::StrCat("stdout: ", net::ErrorText(errno)));
    }
  }
  co_return absl::OkStatus();
}

// The end of a pipe that is written is never readable, but for the error that its reader is gone.
Task<bool> Output::Unread() {
  struct stat info;
  const bool pipe = fstat(STDOUT_FILENO, &info) == 0 && S_ISFIFO(info.st_mode) &&
                    (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_WRONLY;
  // Writing may wait for stdout itself meanwhile. Open until the process ends, as stdout is.
  const int copy = pipe ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
  if (copy < 0) co_return false;
  co_await tasks_.Readable(copy);
  co_return true;
}

}  // namespace monocoque::cli
