#include "cli/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "adapters/net/address.h"

namespace monocoque::cli {

Signals::Signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  // Whoever had it ignored, as nohup does, wants us to go on without a terminal.
  struct sigaction hangup{};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&wanted, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  fd_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) error_ = errno;
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
}

absl::Status Signals::status() const {
  if (error_ == 0) return absl::OkStatus();
  if (error_ == EMFILE || error_ == ENFILE) {
    return absl::ResourceExhaustedError(
        "signals: descriptors are out; raise the limit (ulimit -n) or close some");
  }
  return absl::UnavailableError(absl::StrCat("signals: ", net::ErrorText(error_)));
}

}  // namespace monocoque::cli
