#ifndef MONOCOQUE_CLI_LINES_H_
#define MONOCOQUE_CLI_LINES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cli/tasks.h"
#include "protocol/wire/limits.h"

namespace monocoque::cli {

// Lines of a descriptor as they come, without blocking the loop.
class Lines {
 public:
  // `most_bytes`: of one line, as it stands there.
  Lines(Tasks* tasks, int fd, std::size_t most_bytes = Limits().max_message_bytes)
      : tasks_(*tasks), fd_(fd), most_bytes_(most_bytes) {}

  // Spawned once: reads what comes, and no further than some ahead of Next.
  Task<void> Read();
  // The next line without its end; the last one may have none. Nothing at the end of input, or when
  // reading failed: status() tells. ResourceExhausted: the line is longer than a message may be.
  Task<std::optional<std::string>> Next();
  const absl::Status& status() const { return status_; }
  // Nothing more will be read.
  bool at_end() const { return ended_; }
  // Lines that were read, and not handed out.
  std::size_t waiting() const;

 private:
  void ReadSome();
  bool HasLine();
  bool HasRoom();

  Tasks& tasks_;
  const int fd_;
  const std::size_t most_bytes_;
  std::string text_;
  std::size_t begin_ = 0;    // of what was not handed out
  std::size_t scanned_ = 0;  // no end of a line in front of here
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_LINES_H_
