#include "cli/lines.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"

namespace monocoque::cli {
namespace {

// What is read while lines wait to be sent.
constexpr std::size_t kAheadBytes = 65536;

}  // namespace

bool Lines::HasLine() {
  scanned_ = std::min(text_.find('\n', scanned_), text_.size());
  return scanned_ < text_.size();
}

// A line that has no end yet is read on.
bool Lines::HasRoom() { return text_.size() - begin_ < kAheadBytes || !HasLine(); }

Task<void> Lines::Read() {
  while (!ended_) {
    if (!HasRoom()) co_await tasks_.AsyncUntil([this] { return HasRoom(); });
    co_await tasks_.Readable(fd_);
    ReadSome();
  }
}

Task<std::optional<std::string>> Lines::Next() {
  if (!HasLine() && !ended_) co_await tasks_.AsyncUntil([this] { return HasLine() || ended_; });
  if (begin_ == text_.size()) co_return std::nullopt;
  std::string line = text_.substr(begin_, scanned_ - begin_);
  begin_ = scanned_ = std::min(scanned_ + 1, text_.size());
  co_return line;
}

void Lines::ReadSome() {
  std::array<char, 65536> chunk;
  const ssize_t got = read(fd_, chunk.data(), chunk.size());
  if (got > 0) {
    scanned_ -= begin_;
    text_.erase(0, std::exchange(begin_, 0));
    text_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  if (got < 0 && errno != EINTR && errno != EAGAIN) {
    status_ = absl::UnavailableError(net::ErrorText(errno));
  }
  if (text_.size() - begin_ > most_bytes_ && !HasLine()) {
    status_ = absl::ResourceExhaustedError(absl::StrCat(
        "longer than ", most_bytes_ >> 20, " MiB, which is all that a message may have"));
    text_ = std::string();
    begin_ = scanned_ = 0;
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
