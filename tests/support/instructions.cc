#include "tests/support/instructions.h"

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace monocoque::testing {
namespace {

constexpr int kMark = SIGUSR1;
// How the traced process ends if it does not end well.
constexpr int kFailed = 1;
constexpr int kNotTraced = 2;

[[noreturn]] void BeTraced(const std::function<absl::Status(const Mark& mark)>& run) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(kNotTraced);
  raise(SIGSTOP);
  const absl::Status ran = run([] { raise(kMark); });
  if (!ran.ok()) std::fprintf(stderr, "%s\n", ran.ToString().c_str());
  _exit(ran.ok() ? 0 : kFailed);
}

absl::Status NotPermitted() {
  return absl::PermissionDeniedError(
      "instructions: this process may not trace its own child (ptrace), which a container or a "
      "sandbox can forbid");
}

// A process that waits for us at each stop.
class Tracee {
 public:
  explicit Tracee(pid_t pid) : pid_(pid) {}
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee() {
    if (over()) return;
    kill(pid_, SIGKILL);
    Wait();
  }

  bool over() const { return WIFEXITED(status_) || WIFSIGNALED(status_); }
  bool ended_well() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }
  bool not_traced() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == kNotTraced; }
  // Why it stopped.
  int signal() const { return WSTOPSIG(status_); }

  void Wait() {
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  // Dies with us.
  bool Hold() { return ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL) == 0; }
  // One instruction, or on to its next signal; `deliver` is a signal for it, or 0.
  bool GoOn(bool one_instruction, long deliver) {
    const auto request = one_instruction ? PTRACE_SINGLESTEP : PTRACE_CONT;
    if (ptrace(request, pid_, nullptr, deliver) != 0) return false;
    Wait();
    return true;
  }

 private:
  const pid_t pid_;
  int status_ = 0x7f;  // as one that is stopped
};

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> CountInstructions(
    const std::function<absl::Status(const Mark& mark)>& run, std::uint64_t most) {
  const pid_t pid = fork();
  if (pid < 0) return absl::AbortedError("instructions: no process can be made");
  if (pid == 0) BeTraced(run);
  Tracee tracee(pid);
  tracee.Wait();
  if (tracee.not_traced()) return NotPermitted();
  if (tracee.over() || !tracee.Hold()) return NotPermitted();
  std::vector<std::uint64_t> counts;
  bool counting = false;
  long deliver = 0;
  while (!tracee.over()) {
    if (!tracee.GoOn(counting, deliver)) return NotPermitted();
    deliver = 0;
    if (tracee.over()) break;
    if (tracee.signal() == kMark) {
      counting = !counting;
      if (counting) counts.push_back(0);
    } else if (counting && tracee.signal() == SIGTRAP) {
      if (++counts.back() > most) {
        return absl::ResourceExhaustedError(
            absl::StrCat("instructions: more than ", most, " between two marks"));
      }
    } else {
      deliver = tracee.signal();
    }
  }
  if (!tracee.ended_well()) return absl::AbortedError("instructions: what is measured failed");
  return counts;
}

}  // namespace monocoque::testing
