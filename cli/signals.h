#ifndef MONOCOQUE_CLI_SIGNALS_H_
#define MONOCOQUE_CLI_SIGNALS_H_

namespace monocoque::cli {

// SIGINT and SIGTERM as a descriptor. They stay blocked: one that comes at the end changes nothing.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Readable once one came.
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace monocoque::cli

#endif  // MONOCOQUE_CLI_SIGNALS_H_
