#ifndef MONOCOQUE_CLI_SIGNALS_H_
#define MONOCOQUE_CLI_SIGNALS_H_

#include "absl/status/status.h"

namespace monocoque::cli {

// SIGINT, SIGTERM, and SIGHUP unless it is ignored, as a descriptor. They stay blocked: one that
// comes at the end changes nothing.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // OK, or why there is no descriptor.
  absl::Status status() const;
  // Readable once one came.
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  int error_ = 0;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_SIGNALS_H_
