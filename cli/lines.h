#ifndef MONOCOQUE_CLI_LINES_H_
#define MONOCOQUE_CLI_LINES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cli/tasks.h"

namespace monocoque::cli {

// Lines of a descriptor as they come, without blocking the loop.
class Lines {
 public:
  Lines(Tasks* tasks, int fd) : tasks_(*tasks), fd_(fd) {}

  // The next line without its end; the last one may have none. Nothing at the end of input, or when
  // reading failed: status() tells.
  Task<std::optional<std::string>> Next();
  const absl::Status& status() const { return status_; }
  // Lines that were read, and not handed out.
  std::size_t waiting() const;

 private:
  void Read();

  Tasks& tasks_;
  const int fd_;
  std::string text_;
  std::size_t begin_ = 0;    // of what was not handed out
  std::size_t scanned_ = 0;  // no end of a line before here
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_LINES_H_
