#include "cli/lines.h"

#include <unistd.h>

#include <array>
#include <cerrno>
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
  ended_ = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

}  // namespace monocoque::cli
