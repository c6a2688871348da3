#ifndef MONOCOQUE_TESTS_SUPPORT_COMMAND_H_
#define MONOCOQUE_TESTS_SUPPORT_COMMAND_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace monocoque::testing {

// How a program is run.
struct CommandSetup {
  std::string program = "cli/monocoque";
  // In the child, before the program begins: to close or replace its descriptors, say.
  std::function<void()> prepare;
};

// The command, made ready so.
CommandSetup With(std::function<void()> prepare);

// An abstract ipc endpoint, a name of its own for each test process.
std::string Abstract(std::string_view name);

// The adapter that roles of the command are to be played on: the environment's MONOCOQUE_ADAPTER.
std::string CommandAdapter();

// One run of a program, as a stranger at a shell sees it: its three pipes and its exit code. Every
// wait has a deadline; one that passes is a failure of the test. Killed when it goes out of scope.
class Command {
 public:
  explicit Command(const std::vector<std::string>& words, const CommandSetup& setup = {});
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Writes to its stdin, all of it; `end` closes it.
  void Feed(const std::string& text, bool end = false);
  void EndInput() { Feed("", true); }
  // Until it has read all that was fed; false: it did not in time.
  bool ReadItsInput() const;
  // Has it printed something that was not read yet, or soon does?
  bool HasOut() const;
  // Stdout up to `text`, or what came by the deadline.
  const std::string& OutUntil(const std::string& text) { return Read(&out_, text); }
  const std::string& ErrUntil(const std::string& text) { return Read(&err_, text); }
  // The next endpoint that it says it bound.
  std::string Bound();
  // Nobody reads its stdout any more.
  void CloseOut();
  void Signal(int number) const;
  // Everything that came, and the exit code; a signal's number, negative.
  int Wait();
  // The exit code while nobody reads its stdout; nor its stderr.
  int WaitUnread();
  int WaitUnheard();
  const std::string& out() const { return out_.text; }
  const std::string& err() const { return err_.text; }
  // What it said on stderr behind the lines that Bound() took.
  std::string Complaint() const { return err_.text.substr(told_); }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
  };

  // Until `text` was read behind `from`, or, if it is empty, until the end.
  static const std::string& Read(Stream* stream, const std::string& text, std::size_t from = 0);

  pid_t pid_ = -1;
  int in_ = -1;
  Stream out_, err_;
  std::size_t told_ = 0;  // of stderr, by Bound
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_COMMAND_H_
