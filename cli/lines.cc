#include "cli/lines.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace monocoque::cli {

Task<std::optional<std::string>> Lines::Next() {
  for (;;) {
    const std::size_t end = text_.find('\n', scanned_);
    if (end != std::string::npos) {
      std::string line = text_.substr(begin_, end - begin_);
      begin_ = scanned_ = end + 1;
      co_return line;
    }
    text_.erase(0, std::exchange(begin_, 0));
    scanned_ = text_.size();
    if (ended_) {
      if (text_.empty()) co_return std::nullopt;
      scanned_ = 0;
      co_return std::exchange(text_, {});
    }
    co_await tasks_.Readable(fd_);
    Read();
  }
}

void Lines::Read() {
  std::array<char, 65536> chunk;
  const ssize_t got = read(fd_, chunk.data(), chunk.size());
  if (got > 0) text_.append(chunk.data(), static_cast<std::size_t>(got));
  if (got < 0 && errno != EINTR && errno != EAGAIN) {
    std::array<char, 128> buffer{};
    status_ = absl::UnavailableError(strerror_r(errno, buffer.data(), buffer.size()));
  }
  ended_ = got == 0 || !status_.ok();
}

// What has no end yet is no line, unless nothing follows.
std::size_t Lines::waiting() const {
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(begin_);
  const auto ends = static_cast<std::size_t>(std::count(begin, text_.end(), '\n'));
  return ends + (ended_ && begin != text_.end() && text_.back() != '\n' ? 1 : 0);
}

}  // namespace monocoque::cli
